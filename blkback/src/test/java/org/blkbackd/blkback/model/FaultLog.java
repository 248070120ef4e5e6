// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Catches what the daemon calls a fault of its own, which no guest and no toolstack may be able to provoke: exceptions
 * that were logged and exceptions that ended a thread. All else goes unlogged: hostile guests would fill the console.
 */
public final class FaultLog extends TurboFilter implements AutoCloseable {

    private final Queue<String> faults = new ConcurrentLinkedQueue<>();
    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();

    /** From now on. */
    public FaultLog() {
        Thread.setDefaultUncaughtExceptionHandler((thread, fault) -> add(thread.getName() + " died", fault));
        context.addTurboFilter(this);
    }

    /** The first fault, or null. */
    public String first() {
        return faults.peek();
    }

    @Override
    public FilterReply decide(Marker marker, Logger logger, Level level, String format, Object[] params,
                              Throwable fault) {
        if (!logger.getName().startsWith("org.blkbackd") || format == null) {
            return FilterReply.NEUTRAL;
        }
        Throwable thrown = fault == null ? thrown(params) : fault;
        if (thrown != null || format.contains("fault of blkbackd itself")) {
            add(format, thrown);
        }
        return FilterReply.DENY;
    }

    private static Throwable thrown(Object[] params) {
        Object last = params == null || params.length == 0 ? null : params[params.length - 1];
        return last instanceof Throwable throwable ? throwable : null;
    }

    private void add(String what, Throwable fault) {
        String where = fault == null ? "" : ": " + fault + " at " + Arrays.stream(fault.getStackTrace()).limit(8)
            .map(StackTraceElement::toString).toList();
        faults.add(what + where);
    }

    @Override
    public void close() {
        context.getTurboFilterList().remove(this);
        Thread.setDefaultUncaughtExceptionHandler(before);
    }
}
