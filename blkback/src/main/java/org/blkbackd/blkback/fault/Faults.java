// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.fault;

import com.sun.jna.Native;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is armed. The property {@code blkbackd.faults} is a list such as
 * {@code kill:AFTER_SUBMIT:17,fail:HANDOVER_TAKE:2,off:journal}: what happens, where, and at which visit, 1 for the
 * first; an empty list only lets a test of the same process arm points by {@link #arm}. {@code off:} leaves a safeguard
 * out, to see that tests notice.
 */
public final class Faults {

    /** The safeguards that can be left out. */
    public enum Safeguard {
        /** Requests are not journaled; what was in flight is thought answered. */
        JOURNAL,
        /** Recovery does not wait for the image's lock, and takes none. */
        FENCE,
        /** A disk parks, and lets go of its image, with requests in flight. */
        DRAIN,
        /** The page cache of an image that another host had is kept (the engine reads this by itself). */
        CACHE_DROP
    }

    private enum Effect { KILL, FAIL }

    private record Armed(Effect effect, AtomicInteger left) {
    }

    private static final String PROPERTY = "blkbackd.faults";
    private static final int SIGKILL = 9;

    /** Whether the property is there: a constant, so that without it the points cost nothing. */
    static final boolean ENABLED = System.getProperty(PROPERTY) != null;

    private static final Map<FaultPoint, Armed> ARMED = Collections.synchronizedMap(new EnumMap<>(
        FaultPoint.class));
    private static final Map<Safeguard, Boolean> OFF = Collections.synchronizedMap(new EnumMap<>(
        Safeguard.class));

    static {
        parse(System.getProperty(PROPERTY, ""));
    }

    private Faults() {
    }

    private static void parse(String list) {
        for (String item : list.split(",")) {
            String[] part = item.trim().split(":");
            if (part[0].equals("off")) {
                OFF.put(Safeguard.valueOf(part[1].replace('-', '_').toUpperCase(Locale.ROOT)), true);
            } else if (!part[0].isEmpty()) {
                arm(FaultPoint.valueOf(part[1]), part[0].equals("kill"), Integer.parseInt(part[2]));
            }
        }
    }

    /** Whether a safeguard is left out. */
    public static boolean isOff(Safeguard safeguard) {
        return ENABLED && OFF.containsKey(safeguard);
    }

    /** Arms a point: at the {@code visit}-th visit from now the process dies ({@code kill}), or the step fails. */
    public static void arm(FaultPoint point, boolean kill, int visit) {
        if (!ENABLED) {
            throw new IllegalStateException("start the JVM with -D" + PROPERTY + "=");
        }
        ARMED.put(point, new Armed(kill ? Effect.KILL : Effect.FAIL, new AtomicInteger(visit)));
    }

    /** Forgets everything that is armed. */
    public static void disarm() {
        ARMED.clear();
    }

    static void reached(FaultPoint point) {
        Armed armed = ARMED.get(point);
        if (armed == null || armed.left.decrementAndGet() != 0) {
            return;
        }
        if (armed.effect == Effect.KILL) {
            LibC.kill(LibC.getpid(), SIGKILL);
        }
        throw new InjectedFault(point);
    }

    private static final class LibC {

        static {
            Native.register(LibC.class, "c");
        }

        private LibC() {
        }

        static native int getpid();

        static native int kill(int pid, int signal);
    }
}
