// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.util.List;

/** Sends requests and waits for all their answers: outside transactions, or in one of them. */
@FunctionalInterface
interface Requester {

    /** The answers, errors among them, in the requests' order. */
    List<Answer> exchange(List<Request> requests);
}
