// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Log lines of one vbd, each with its name, and at most a few in a while: a guest can provoke most of them. Owned by
 * the conductor.
 */
final class VbdLog {

    private static final Logger LOG = LoggerFactory.getLogger(Vbd.class);

    private final String name;

    VbdLog(String name) {
        this.name = name;
    }

    void error(String message) {
        LOG.error("{}: {}", name, message);
    }

    void warn(String message) {
        LOG.warn("{}: {}", name, message);
    }

    void info(String message) {
        LOG.info("{}: {}", name, message);
    }

    void debug(String message) {
        LOG.debug("{}: {}", name, message);
    }
}
