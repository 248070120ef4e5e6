// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class LogConfiguratorTest {

    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();

    @AfterEach
    void restore() {
        LogConfigurator.setLevel("info");
    }

    @Test
    void logbackFindsItAndWritesToStandardErrorOnly() {
        List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
        context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders().forEachRemaining(appenders::add);
        assertEquals(1, appenders.size());
        ConsoleAppender<ILoggingEvent> appender = (ConsoleAppender<ILoggingEvent>) appenders.get(0);
        assertEquals("System.err", appender.getTarget());
        assertTrue(appender.getEncoder() instanceof LineEncoder);
        assertTrue(appender.isStarted());
    }

    @ParameterizedTest
    @CsvSource({"error, ERROR, ERROR", "warn, WARN, WARN",
        "info, INFO, WARN", "debug, DEBUG, WARN", "trace, TRACE, WARN"})
    void librariesNeverGetBelowWarnings(String setting, String ours, String libraries) {
        LogConfigurator.setLevel(setting);
        assertEquals(Level.toLevel(ours), context.getLogger("org.blkbackd.blkback.device.Vbd").getEffectiveLevel());
        assertEquals(Level.toLevel(libraries), context.getLogger("io.netty.channel").getEffectiveLevel());
        assertEquals(Level.toLevel(libraries),
            context.getLogger("org.hibernate.validator.internal.util.Version").getEffectiveLevel());
    }
}
