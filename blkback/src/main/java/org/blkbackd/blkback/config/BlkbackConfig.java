// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import java.util.List;
import org.hibernate.validator.constraints.UniqueElements;

/**
 * The settings, read once, validated once, immutable. The constraints below are what {@link ConfigLoader} enforces;
 * each message completes "must be".
 *
 * @param kinds device kinds to serve: directories below {@code backend/} in xenstore
 * @param defaultEngine scheme of a disk given as a bare path
 * @param workers ring workers as configured; {@link #workerCount} says how many that makes
 * @param ioThreads upper bound on storage threads of the portable engine
 * @param logLevel least severe level that is logged
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

    @Min(value = 1, message = IO_THREADS_ALLOWED)
    @Max(value = 256, message = IO_THREADS_ALLOWED)
    int ioThreads,

    @Pattern(regexp = "error|warn|info|debug|trace", message = LOG_LEVEL_ALLOWED)
    String logLevel) {

    static final String KIND_ALLOWED = "vbd, qdisk or vbd3";
    static final String KINDS_ALLOWED = "a list of at least one of vbd, qdisk, vbd3";
    static final String ENGINE_ALLOWED = "direct or buffered";
    static final String WORKERS_ALLOWED = "a whole number from 0 to 64 (0 is one per CPU, at most 4)";
    static final String IO_THREADS_ALLOWED = "a whole number from 1 to 256";
    static final String LOG_LEVEL_ALLOWED = "error, warn, info, debug or trace";

    private static final int MOST_AUTOMATIC_WORKERS = 4;

    /** What holds when nothing is configured. */
    public static final BlkbackConfig DEFAULTS = new BlkbackConfig(List.of("vbd"), "direct", 0, 16, "info");

    /** Copies the list. */
    public BlkbackConfig {
        kinds = List.copyOf(kinds);
    }

    /** Ring workers to start on a machine with {@code cpus} CPUs. */
    public int workerCount(int cpus) {
        return workers == 0 ? Math.max(1, Math.min(cpus, MOST_AUTOMATIC_WORKERS)) : workers;
    }
}
