// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.Locale;
import org.slf4j.LoggerFactory;

/**
 * Sets up Logback in code: its own XML would cost a tenth of a second at start. Found through
 * META-INF/services, so it also holds for what logs before the settings are read.
 */
public final class LogConfigurator extends ContextAwareBase implements Configurator {

    private static final String[] LIBRARIES = {"org.hibernate.validator", "io.netty"};
    /** Warns, with a stack, that there is no network, which the unit takes away on purpose. */
    private static final String NETWORK = "io.netty.util.NetUtilInitializations";

    /** Called by Logback. */
    public LogConfigurator() {
        // Nothing to do: Logback needs a public constructor without parameters.
    }

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        LineEncoder encoder = new LineEncoder(LogTarget.ofStandardError());
        encoder.setContext(context);
        encoder.start();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setTarget(ConsoleTarget.SystemErr.getName());
        appender.setEncoder(encoder);
        appender.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
        setLevel(context, Level.INFO);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** {@code level} is error, warn, info, debug or trace. Libraries never get below warnings. */
    public static void setLevel(String level) {
        setLevel((LoggerContext) LoggerFactory.getILoggerFactory(), Level.toLevel(level));
    }

    /** The level in effect, in the words of {@link #setLevel(String)}. */
    public static String level() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        return context.getLogger(Logger.ROOT_LOGGER_NAME).getEffectiveLevel().toString().toLowerCase(Locale.ROOT);
    }

    private static void setLevel(LoggerContext context, Level level) {
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(level);
        for (String library : LIBRARIES) {
            context.getLogger(library).setLevel(level.isGreaterOrEqual(Level.WARN) ? level : Level.WARN);
        }
        context.getLogger(NETWORK).setLevel(Level.ERROR);
    }
}
