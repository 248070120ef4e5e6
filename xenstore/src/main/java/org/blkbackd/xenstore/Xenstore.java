// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore;

import java.util.function.Function;

/**
 * A connection to xenstored. Any thread but the client's own I/O thread may call it.
 *
 * <p>A lost connection is re-made in the background and its watches are registered again; calls made meanwhile fail
 * with {@link XenstoreException}, whose {@link XenstoreException#isConnectionLost} is true.
 */
public interface Xenstore extends XenstoreOps, AutoCloseable {

    /**
     * Runs {@code work} in a transaction and commits it, again from the start while xenstored answers EAGAIN: a
     * bounded number of times, with jitter in between. An exception from {@code work} aborts the transaction.
     */
    <T> T transact(Function<XenstoreOps, T> work);

    /**
     * The same with at most so many tries, for nodes that somebody else may change all the time: the last EAGAIN is
     * thrown.
     */
    <T> T transact(int tries, Function<XenstoreOps, T> work);

    /**
     * Watches {@code path} and everything below it. The listener is called once at registration, after each change,
     * and once after a reconnect, because anything may have changed meanwhile; it is told that something changed,
     * never what. {@code @introduceDomain} and {@code @releaseDomain} are paths too.
     */
    Watch watch(String path, WatchListener listener);

    /** Closes the connection; watches end with it. */
    @Override
    void close();
}
