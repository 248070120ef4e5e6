// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

/** Requests of one ring in an order, as many as the ring has slots at most. Owned by its ring. */
final class RequestQueue {

    private final PendingRequest[] requests;
    private int head;
    private int count;

    RequestQueue(int slots) {
        requests = new PendingRequest[slots];
    }

    boolean isEmpty() {
        return count == 0;
    }

    int size() {
        return count;
    }

    /** Behind all others. */
    void add(PendingRequest request) {
        requests[at(count++)] = request;
    }

    /** Behind all that were taken off the ring before it. */
    void insert(PendingRequest request) {
        int place = count++;
        for (; place > 0 && requests[at(place - 1)].sequence() > request.sequence(); place--) {
            requests[at(place)] = requests[at(place - 1)];
        }
        requests[at(place)] = request;
    }

    /** The first, which stays. */
    PendingRequest peek() {
        return requests[head];
    }

    /** The first. */
    PendingRequest poll() {
        PendingRequest first = requests[head];
        requests[head] = null;
        head = at(1);
        count--;
        return first;
    }

    private int at(int place) {
        return (head + place) % requests.length;
    }
}
