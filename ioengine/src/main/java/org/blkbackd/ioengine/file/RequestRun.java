// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.IoRequest;

/**
 * READs or WRITEs that each begin on the disk where the one before ends, gathered so that the storage gets one large
 * transfer: a blkfront without indirect requests cuts what it does in sequence into pieces of 44 KiB. Requests are
 * known by their slots. Owned by its engine.
 */
final class RequestRun {

    /** No slot. */
    static final int NONE = -1;

    /** More would leave the storage too little to do at the same time. */
    static final int MOST_BYTES = 256 * 1024;
    private static final int MOST_PIECES = MOST_BYTES / 4096;

    private final IoRequest[] requests;
    private final int[] next;
    private final IoRequest transfer = new IoRequest(MOST_PIECES);
    private int first = NONE;
    private int last = NONE;
    private int pieces;
    private long bytes;

    /** @param requests by slot, kept by the engine */
    RequestRun(IoRequest[] requests) {
        this.requests = requests;
        next = new int[requests.length];
    }

    boolean isEmpty() {
        return first == NONE;
    }

    int pieces() {
        return pieces;
    }

    /** Whether this one can be added. */
    boolean isContinuedBy(IoRequest request) {
        return first != NONE && request.operation() == requests[first].operation()
            && request.offsetBytes() == requests[first].offsetBytes() + bytes
            && bytes + request.lengthBytes() <= MOST_BYTES && pieces + request.pieces() <= MOST_PIECES;
    }

    /** The run is empty, or continued by what is in this slot. */
    void add(int slot) {
        if (first == NONE) {
            first = slot;
        } else {
            next[last] = slot;
        }
        last = slot;
        next[slot] = NONE;
        pieces += requests[slot].pieces();
        bytes += requests[slot].lengthBytes();
    }

    /** All of it as one; valid until the next call. */
    IoRequest transfer() {
        IoRequest one = requests[first];
        if (first == last) {
            return one;
        }
        transfer.prepare(one.operation(), one.offsetBytes());
        for (int slot = first; slot != NONE; slot = next[slot]) {
            IoRequest request = requests[slot];
            for (int i = 0; i < request.pieces(); i++) {
                transfer.add(request.address(i), request.length(i));
            }
        }
        return transfer;
    }

    /** Ends the gathering: the run is empty again; the slots of the old one are found from the first. */
    int take() {
        int slot = first;
        first = NONE;
        last = NONE;
        pieces = 0;
        bytes = 0;
        return slot;
    }

    /** The slot after this one in a run that was taken, or {@link #NONE}. */
    int after(int slot) {
        return next[slot];
    }
}
