// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/** First-in first-out ring of requests with a fixed capacity, for engines. Not thread-safe; allocates nothing. */
public final class RequestRing {

    private final IoRequest[] slots;
    private int head;
    private int size;

    /** @param capacity requests it can hold */
    public RequestRing(int capacity) {
        slots = new IoRequest[capacity];
    }

    /** Appends; whoever counts requests in flight guarantees the room. */
    public void add(IoRequest request) {
        if (size == slots.length) {
            throw new IllegalStateException("more than " + size + " requests");
        }
        int tail = head + size;
        slots[tail < slots.length ? tail : tail - slots.length] = request;
        size++;
    }

    /** Takes the oldest, or null. */
    public IoRequest poll() {
        if (size == 0) {
            return null;
        }
        IoRequest request = slots[head];
        slots[head] = null;
        head = head + 1 == slots.length ? 0 : head + 1;
        size--;
        return request;
    }

    /** Requests in it. */
    public int size() {
        return size;
    }
}
