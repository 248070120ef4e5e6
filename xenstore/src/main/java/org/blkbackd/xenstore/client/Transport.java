// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;

/** Opens links to one xenstored. */
interface Transport {

    /** Connects, waiting at most the connect time-out. */
    Link open(Link.Inbound inbound) throws IOException;

    /** Whether the current thread is one that delivers messages. */
    boolean onIoThread();

    /** Ends the transport's threads. Links are closed before. */
    void close();

    /** What this is, for messages: the path. */
    @Override
    String toString();
}
