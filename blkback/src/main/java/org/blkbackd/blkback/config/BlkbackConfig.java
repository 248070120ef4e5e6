// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import java.util.List;
import org.blkbackd.blkback.blkif.RateLimits;
import org.hibernate.validator.constraints.UniqueElements;

/**
 * The settings, read once, validated once, immutable. The constraints below are what {@link ConfigLoader} enforces;
 * each message completes "must be".
 *
 * @param kinds device kinds to serve: directories below {@code backend/} in xenstore
 * @param defaultEngine scheme of a disk given as a bare path
 * @param workers ring workers as configured; {@link #workerCount} says how many that makes
 * @param ioThreads upper bound on storage threads of the portable engine
 * @param ioUring {@link #AUTO} where it can be used, or off
 * @param polling {@link #AUTO} for a short look for work before a sleep where it pays, or off
 * @param onError which failed requests are kept from the guest, where a disk's target does not say
 * @param whileHeld whether a ring with such a request takes more, where a disk's target does not say
 * @param limits on what may be asked of a disk in a second, where its target does not say
 * @param logLevel least severe level that is logged
 * @param controlSocket where blkbackctl asks, below the host's runtime folder unless absolute; or {@link #NONE}
 * @param metricsSocket where Prometheus asks, as above
 * @param metricsPort loopback port where Prometheus asks, 0 for none
 * @param migration the hosts that images are shared with
 */
public record BlkbackConfig(
    @NotEmpty(message = KINDS_ALLOWED)
    @UniqueElements(message = "a list that names no kind twice")
    List<@Pattern(regexp = "vbd|qdisk|vbd3", message = KIND_ALLOWED) String> kinds,

    @Pattern(regexp = "direct|buffered", message = ENGINE_ALLOWED)
    String defaultEngine,

    @Min(value = 0, message = WORKERS_ALLOWED)
    @Max(value = 64, message = WORKERS_ALLOWED)
    int workers,

    @Min(value = 2, message = IO_THREADS_ALLOWED)
    @Max(value = 256, message = IO_THREADS_ALLOWED)
    int ioThreads,

    @Pattern(regexp = "auto|off", message = AUTO_ALLOWED)
    String ioUring,

    @Pattern(regexp = "auto|off", message = AUTO_ALLOWED)
    String polling,

    @Pattern(regexp = "report|hold|enospc", message = ON_ERROR_ALLOWED)
    String onError,

    @Pattern(regexp = "serve|stop", message = WHILE_HELD_ALLOWED)
    String whileHeld,

    RateLimits limits,

    @Pattern(regexp = "error|warn|info|debug|trace", message = LOG_LEVEL_ALLOWED)
    String logLevel,

    @Pattern(regexp = PATH, message = SOCKET_ALLOWED)
    String controlSocket,

    @Pattern(regexp = PATH, message = SOCKET_ALLOWED)
    String metricsSocket,

    @Min(value = 0, message = PORT_ALLOWED)
    @Max(value = 65535, message = PORT_ALLOWED)
    int metricsPort,

    MigrationConfig migration) {

    /** The word in place of a socket's path that turns the socket off. */
    public static final String NONE = "none";

    /** The word for what is done where it can be and pays. */
    public static final String AUTO = "auto";

    static final String KIND_ALLOWED = "vbd, qdisk or vbd3";
    static final String KINDS_ALLOWED = "a list of at least one of vbd, qdisk, vbd3";
    static final String ENGINE_ALLOWED = "direct or buffered";
    static final String WORKERS_ALLOWED = "a whole number from 0 to 64 (0 is one per CPU, at most 4)";
    static final String IO_THREADS_ALLOWED = "a whole number from 2 to 256";
    static final String AUTO_ALLOWED = "auto or off";
    static final String ON_ERROR_ALLOWED = "report, hold or enospc";
    static final String WHILE_HELD_ALLOWED = "serve or stop";
    static final String LIMITS_ALLOWED = RateLimits.ALLOWED;
    static final String LOG_LEVEL_ALLOWED = "error, warn, info, debug or trace";

    static final String SOCKET_ALLOWED = "a path of at most 90 characters, or none";
    static final String PORT_ALLOWED = "a port from 1 to 65535, or 0 for none";

    /** A socket's address has room for 107 bytes (unix(7)), and it is bound with a suffix first. */
    private static final String PATH = "[!-~]{1,90}";

    private static final int MOST_AUTOMATIC_WORKERS = 4;

    /** What holds when nothing is configured. */
    public static final BlkbackConfig DEFAULTS = new BlkbackConfig(List.of("vbd"), "direct", 0, 16, "info");

    /** Copies the list. */
    public BlkbackConfig {
        kinds = List.copyOf(kinds);
    }

    /** The rest as in {@link #DEFAULTS}. */
    public BlkbackConfig(List<String> kinds, String defaultEngine, int workers, int ioThreads, String logLevel) {
        this(kinds, defaultEngine, workers, ioThreads, AUTO, AUTO, "enospc", "serve", RateLimits.NONE, logLevel,
            "control.sock", NONE, 0, MigrationConfig.NONE);
    }

    /** The same with another word for io_uring. */
    public BlkbackConfig withIoUring(String word) {
        return new BlkbackConfig(kinds, defaultEngine, workers, ioThreads, word, polling, onError, whileHeld, limits,
            logLevel, controlSocket, metricsSocket, metricsPort, migration);
    }

    /** Whether io_uring is to be used where the kernel has it. */
    public boolean wantsIoUring() {
        return ioUring.equals(AUTO);
    }

    /** Whether workers on a machine with {@code cpus} CPUs may poll: a frontend needs a CPU meanwhile. */
    public boolean mayPoll(int cpus) {
        return polling.equals(AUTO) && cpus > 1;
    }

    /** Ring workers to start on a machine with {@code cpus} CPUs. */
    public int workerCount(int cpus) {
        return workers == 0 ? Math.max(1, Math.min(cpus, MOST_AUTOMATIC_WORKERS)) : workers;
    }
}
