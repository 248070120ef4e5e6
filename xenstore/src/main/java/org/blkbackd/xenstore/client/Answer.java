// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;

/** What came for a request: xenstored's message. */
record Answer(Request request, Message message) {

    /** The reply, or xenstored's error as an exception. */
    Message reply() {
        if (message.type() == MessageType.ERROR) {
            throw new XenstoreException(request.what(), message.text());
        }
        if (message.type() != request.type()) {
            throw new XenstoreException(request.what() + ": answered with " + message.type(), "EIO");
        }
        return message;
    }
}
