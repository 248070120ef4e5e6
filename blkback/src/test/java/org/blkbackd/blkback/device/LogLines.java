// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What one class logs from now on, until it is closed. */
final class LogLines implements AutoCloseable {

    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final Logger logger;

    LogLines(Class<?> of) {
        logger = (Logger) LoggerFactory.getLogger(of);
        lines.start();
        logger.addAppender(lines);
    }

    /** Those with these words in them, so far. */
    List<String> with(String words) {
        return List.copyOf(lines.list).stream().map(ILoggingEvent::getFormattedMessage)
            .filter(line -> line.contains(words)).toList();
    }

    @Override
    public void close() {
        logger.detachAppender(lines);
    }
}
