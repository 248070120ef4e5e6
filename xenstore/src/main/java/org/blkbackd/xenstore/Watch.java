// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore;

/** A registered watch. */
public interface Watch extends AutoCloseable {

    /** Removes the watch; the listener is not called again. Does nothing the second time or on a dead connection. */
    @Override
    void close();
}
