// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.grant.GrantTable;

/** A request as {@link DoubleBackend} reads it, by literal offsets and without our backend's code. */
final class DoubleRequest {

    /** What the answer must bear. */
    int operation;
    boolean indirect;
    int flag;
    int handle;
    long id;
    long sector;
    /** Of a discard. */
    long count;
    private int segments;
    private final int[] refs = new int[4096];
    private final int[] first = new int[4096];
    private final int[] last = new int[4096];

    void read(ByteBuffer ring, int slot, BlkifAbi abi, GrantTable grants, int domid) {
        int gap = abi == BlkifAbi.NATIVE ? 0 : 4;
        operation = ring.get(slot);
        indirect = operation == Blkif.OP_INDIRECT;
        id = ring.getLong(slot + 8 - gap);
        sector = ring.getLong(slot + 16 - gap);
        segments = 0;
        if (indirect) {
            operation = ring.get(slot + 1);
            handle = ring.getShort(slot + 24 - gap) & 0xFFFF;
            int waiting = ring.getShort(slot + 2) & 0xFFFF;
            for (int i = 0; waiting > 0; i++, waiting -= 512) {
                try (GrantMapping page = grants.map(domid, new int[] {ring.getInt(slot + 28 - gap + 4 * i)})) {
                    readSegments(page.buffer(), 0, Math.min(waiting, 512));
                }
            }
        } else if (operation == Blkif.OP_DISCARD) {
            flag = ring.get(slot + 1);
            count = ring.getLong(slot + 24 - gap);
        } else {
            handle = ring.getShort(slot + 2) & 0xFFFF;
            readSegments(ring, slot + 24 - gap, ring.get(slot + 1));
        }
    }

    private void readSegments(ByteBuffer from, int at, int number) {
        for (int i = 0; i < number; i++, segments++) {
            refs[segments] = from.getInt(at + 8 * i);
            first[segments] = from.get(at + 8 * i + 4);
            last[segments] = from.get(at + 8 * i + 5);
        }
    }

    int segments() {
        return segments;
    }

    private long sectors() {
        long sum = operation == Blkif.OP_DISCARD ? count : 0;
        for (int i = 0; i < segments; i++) {
            sum += last[i] - first[i] + 1;
        }
        return sum;
    }

    /** Does it, by mapping every page, and returns its status. */
    int execute(byte[] content, boolean readOnly, GrantTable grants, int domid) {
        if (operation < 0 || operation == 4 || operation > Blkif.OP_DISCARD) {
            return Blkif.RSP_EOPNOTSUPP;
        }
        if (sector < 0 || sectors() > content.length / 512 - sector || readOnly && operation != Blkif.OP_READ) {
            return Blkif.RSP_ERROR;
        }
        int at = (int) sector * 512;
        if (operation == Blkif.OP_DISCARD) {
            Arrays.fill(content, at, at + (int) count * 512, (byte) 0);
        }
        for (int i = 0; i < segments; i++) {
            int length = (last[i] - first[i] + 1) * 512;
            try (GrantMapping page = grants.map(domid, new int[] {refs[i]})) {
                ByteBuffer bytes = page.buffer().position(first[i] * 512);
                if (operation == Blkif.OP_READ) {
                    bytes.put(content, at, length);
                } else {
                    bytes.get(content, at, length);
                }
            }
            at += length;
        }
        return Blkif.RSP_OKAY;
    }
}
