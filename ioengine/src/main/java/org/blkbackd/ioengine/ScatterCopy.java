// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/** Copies between one run of memory and a range of a request's scatter list. For engines; allocates nothing. */
public final class ScatterCopy {

    private ScatterCopy() {
    }

    /** Copies {@code bytes} of the scatter list, from its byte {@code from} on, to an address. */
    public static void gather(IoRequest request, long from, long address, long bytes) {
        copy(request, from, address, bytes, true);
    }

    /** Copies {@code bytes} at an address into the scatter list, from its byte {@code from} on. */
    public static void scatter(IoRequest request, long from, long address, long bytes) {
        copy(request, from, address, bytes, false);
    }

    private static void copy(IoRequest request, long from, long address, long bytes, boolean gather) {
        long skip = from;
        long done = 0;
        for (int i = 0; done < bytes; i++) {
            int length = request.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            long part = Math.min(length - skip, bytes - done);
            long piece = request.address(i) + skip;
            LibC.memcpy(gather ? address + done : piece, gather ? piece : address + done, part);
            done += part;
            skip = 0;
        }
    }
}
