// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.util.List;
import org.blkbackd.xenstore.wire.Message;

/** One connection's two directions. Any thread may send; one thread of the transport calls the {@link Inbound}. */
interface Link {

    /** Who hears what a link receives, in order. Must not block. */
    interface Inbound {

        /** A message came in. */
        void received(Message message);

        /** A message that {@link Link#send} took could not be sent after all; the link lives. */
        void refused(Message message, Exception why);

        /** Nothing more will come. May be called more than once. */
        void lost(String why, Throwable cause);
    }

    /** Sends all at once, or throws when the other end is gone or does not take any more; then none is sent. */
    void send(List<Message> messages) throws IOException;

    /** Sends one. */
    default void send(Message message) throws IOException {
        send(List.of(message));
    }

    /** Most bytes of a message, header included. */
    default int mostBytes() {
        return Message.HEADER_BYTES + Message.PAYLOAD_MAX;
    }

    /** Closes the link; {@link Inbound#lost} is called if it was not before. */
    void close();
}
