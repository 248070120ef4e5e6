// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.notify;

import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service manager's socket. Nothing here throws: a daemon that cannot say that it works still works.
 *
 * <p>Safe for any thread. Each message is a datagram from a socket of its own: there are two in a minute.
 */
public final class NotifySocket {

    private static final Logger LOG = LoggerFactory.getLogger(NotifySocket.class);
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM_CLOEXEC = 0x80002;
    private static final int MSG_NOSIGNAL = 0x4000;
    /** Of sun_path in struct sockaddr_un, whose family takes two bytes before it. */
    private static final int MOST_PATH_BYTES = 108;
    private static final int PATH_AT = 2;

    /** A struct sockaddr_un in full length, or null when nobody listens. */
    private final byte[] address;
    private final Duration watchdog;

    private NotifySocket(byte[] address, Duration watchdog) {
        this.address = address;
        this.watchdog = watchdog;
    }

    /** The socket that {@code environment} names with NOTIFY_SOCKET; a silent one without a good name. */
    public static NotifySocket of(Map<String, String> environment) {
        String name = environment.get("NOTIFY_SOCKET");
        byte[] address = name == null ? null : address(name);
        return new NotifySocket(address, address == null ? Duration.ZERO : watchdog(environment));
    }

    /** Sends READY=1 and what {@code systemctl status} shows. */
    public void ready(String status) {
        send("READY=1\nSTATUS=" + status.replace('\n', ' '));
    }

    /** Sends MAINPID=: this process is the service from now on, in the place of the one that started it. */
    public void mainProcess() {
        send("MAINPID=" + ProcessHandle.current().pid());
    }

    /** Sends STOPPING=1. */
    public void stopping() {
        send("STOPPING=1\nSTATUS=stopping");
    }

    /** Sends WATCHDOG=1. */
    public void alive() {
        send("WATCHDOG=1");
    }

    /** How long the service manager waits for a sign of life before it starts the daemon over; zero: it does not. */
    public Duration watchdog() {
        return watchdog;
    }

    private static byte[] address(String name) {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        boolean isAbstract = name.startsWith("@");
        // A path needs its NUL, an abstract name has one in front.
        if (!isAbstract && !name.startsWith("/") || path.length < 2 || path.length >= MOST_PATH_BYTES) {
            LOG.warn("NOTIFY_SOCKET is neither a path nor an abstract name; the service manager is told nothing");
            return null;
        }
        byte[] address = new byte[PATH_AT + path.length + (isAbstract ? 0 : 1)];
        // sa_family_t is in the machine's byte order; both of ours are little-endian.
        address[0] = AF_UNIX;
        System.arraycopy(path, 0, address, PATH_AT, path.length);
        if (isAbstract) {
            address[PATH_AT] = 0;
        }
        return address;
    }

    private static Duration watchdog(Map<String, String> environment) {
        String pid = environment.get("WATCHDOG_PID");
        String micros = environment.get("WATCHDOG_USEC");
        if (micros == null || pid != null && !pid.equals(Long.toString(ProcessHandle.current().pid()))) {
            return Duration.ZERO;
        }
        try {
            return Duration.ofMillis(Math.max(0, Long.parseLong(micros) / 1000));
        } catch (NumberFormatException e) {
            LOG.warn("WATCHDOG_USEC is not a number; there will be no signs of life");
            return Duration.ZERO;
        }
    }

    private void send(String message) {
        if (address == null) {
            return;
        }
        int fd = LibC.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        if (fd < 0 || LibC.sendto(fd, bytes, bytes.length, MSG_NOSIGNAL, address, address.length) < 0) {
            LOG.warn("the service manager cannot be told {}: errno {}", message.lines().findFirst().orElse(""),
                Native.getLastError());
        }
        if (fd >= 0) {
            LibC.close(fd);
        }
    }
}
