// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import org.blkbackd.xenstore.wire.Message;

/** One connection's two directions. Any thread may send; one thread of the transport calls the {@link Inbound}. */
interface Link {

    /** Who hears what a link receives, in order. Must not block. */
    interface Inbound {

        /** A message came in. */
        void received(Message message);

        /** Nothing more will come. May be called more than once. */
        void lost(String why, Throwable cause);
    }

    /** Sends, or throws when the other end is gone or does not take any more. */
    void send(Message message) throws IOException;

    /** Closes the link; {@link Inbound#lost} is called if it was not before. */
    void close();
}
