// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngine;

/**
 * One life of a daemon that shares its process with others. Everything it does to the world goes through objects that
 * are {@link #mortal}; at the moment of its death each of them throws {@link Ended}, so that its threads end where they
 * are, as those of a process that is killed. Thread-safe.
 */
final class Life {

    /** Ends a thread of a daemon that is dead. No exception: those are caught. */
    static final class Ended extends Error {

        private static final long serialVersionUID = 1;

        Ended() {
            super("killed", null, false, false);
        }
    }

    /** Called all the time, with nothing to show for it. */
    private static final Set<String> IDLE = Set.of("pending", "fd", "reap", "inFlight", "size", "capacity", "status",
        "info", "toString", "hashCode", "equals");
    private static final Set<Class<?>> MORTAL = Set.of(GrantCopy.class, Disk.class, IoEngine.class);

    private final String name;
    private final AtomicLong steps = new AtomicLong();
    private final CountDownLatch death = new CountDownLatch(1);
    private volatile long lastStep = Long.MAX_VALUE;
    private volatile boolean over;
    /** System calls on files that have begun and not ended; guarded by this. */
    private int calls;

    Life(String name) {
        this.name = name;
    }

    boolean isOver() {
        return over;
    }

    /** It is dead from now on. Its threads may take a moment to notice. */
    synchronized void end() {
        over = true;
        death.countDown();
    }

    /** It will die so many steps from now, at one call or another. */
    void endAfter(int more) {
        lastStep = steps.get() + more;
    }

    /** Whether it died within a time. */
    boolean awaitEnd(long timeoutMs) {
        try {
            return death.await(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The same object, as long as it lives. */
    <T> T mortal(Class<T> type, T target) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
            (proxy, method, arguments) -> {
                boolean last = step(method.getName());
                // half of the deaths come before the call, half after it
                if (last && (steps.get() & 1) == 0) {
                    throw new Ended();
                }
                Object result;
                try {
                    result = method.invoke(target, arguments);
                } catch (InvocationTargetException e) {
                    throw e.getCause();
                }
                if (last) {
                    throw new Ended();
                }
                return MORTAL.contains(method.getReturnType()) ? mortalResult(method.getReturnType(), result) : result;
            }));
    }

    private <T> Object mortalResult(Class<T> type, Object result) {
        return mortal(type, type.cast(result));
    }

    /** Whether this is the last one. */
    private boolean step(String method) {
        if (over) {
            throw new Ended();
        }
        boolean last = !IDLE.contains(method) && steps.incrementAndGet() == lastStep;
        if (last) {
            end();
        }
        return last;
    }

    // --- system calls -----------------------------------------------------------------------------------------------

    /** A system call begins; false when it cannot any more. */
    synchronized boolean enter() {
        calls += over ? 0 : 1;
        return !over;
    }

    /** It has ended. */
    synchronized void leave() {
        calls--;
        notifyAll();
    }

    /** After death: waits for the calls that were under way, as the kernel does before it closes anything. */
    synchronized void awaitLastCall() throws InterruptedException {
        while (calls > 0) {
            wait();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
