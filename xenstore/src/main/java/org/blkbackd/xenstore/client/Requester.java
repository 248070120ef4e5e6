// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;

/** Sends one request and waits for its answer: outside transactions, or in one of them. */
@FunctionalInterface
interface Requester {

    /** {@code what} names operation and path in exceptions. */
    Message request(MessageType type, byte[] payload, String what);
}
