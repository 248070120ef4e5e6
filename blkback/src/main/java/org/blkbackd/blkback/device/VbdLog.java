// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Log lines of one vbd, each with its name, and only a few in a while: a guest can provoke most of them. Owned by the
 * conductor.
 */
final class VbdLog {

    private static final Logger LOG = LoggerFactory.getLogger(Vbd.class);

    private final String name;
    private final LogBudget faults;
    private final LogBudget events;
    private String lastError;

    /** @param events of its own, so that comings and goings never cost the line that says what is wrong */
    VbdLog(String name, LogBudget faults, LogBudget events) {
        this.name = name;
        this.faults = faults;
        this.events = events;
    }

    /** The last error, logged or over the budget; null when there was none. */
    String lastError() {
        return lastError;
    }

    void error(String message) {
        lastError = message;
        faults.offer(name, LOG::error, message);
    }

    void warn(String message) {
        faults.offer(name, LOG::warn, message);
    }

    void info(String message) {
        events.offer(name, LOG::info, message);
    }

    void debug(String message) {
        LOG.debug("{}: {}", name, message);
    }
}
