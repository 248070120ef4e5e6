// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

/** PLACEHOLDER, to be replaced by the real daemon: same name, same {@code start}, AutoCloseable. */
final class BlkbackDaemon implements AutoCloseable {

    private BlkbackDaemon() {
    }

    static BlkbackDaemon start(BlkbackConfig config, String xen) {
        throw new UnsupportedOperationException("serving " + config.kinds() + " on " + xen + " is not there yet");
    }

    @Override
    public void close() {
        // Nothing was started.
    }
}
