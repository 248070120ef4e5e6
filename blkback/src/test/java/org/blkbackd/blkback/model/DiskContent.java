// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What a disk must hold: for each sector the stamp of the last write that was answered. A write that was never
 * answered, because the guest or its connection ended before, may have happened or not; the next read tells.
 */
final class DiskContent {

    static final int SECTOR = 512;

    private final String name;
    private final long[] stamps;
    private final Map<Integer, Set<Long>> perhaps = new HashMap<>();
    private final BitSet busy = new BitSet();
    private long lastStamp;

    /** A disk full of zeros. */
    DiskContent(String name, int sectors) {
        this.name = name;
        stamps = new long[sectors];
    }

    int sectors() {
        return stamps.length;
    }

    /** Takes a range for a request; false while another one has some of it: overlapping requests have no order. */
    boolean take(int first, int count) {
        int next = busy.nextSetBit(first);
        boolean free = next < 0 || next >= first + count;
        if (free) {
            busy.set(first, first + count);
        }
        return free;
    }

    void give(int first, int count) {
        busy.clear(first, first + count);
    }

    long newStamp() {
        return ++lastStamp;
    }

    /** The data of a write. */
    static byte[] data(int first, int count, long stamp) {
        ByteBuffer words = ByteBuffer.allocate(count * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            for (int at = 0; at < SECTOR; at += Long.BYTES) {
                words.putLong(word(first + i, stamp, at));
            }
        }
        return words.array();
    }

    /** Its first word is the stamp itself; a sector that was never written has stamp 0 and is zeros. */
    private static long word(int sector, long stamp, int at) {
        if (at == 0 || stamp == 0) {
            return stamp;
        }
        long x = stamp * 0x9E3779B97F4A7C15L + sector * 0xD1B54A32D192ED03L + at;
        x = (x ^ x >>> 30) * 0xBF58476D1CE4E5B9L;
        return x ^ x >>> 27;
    }

    void written(int first, int count, long stamp) {
        for (int sector = first; sector < first + count; sector++) {
            stamps[sector] = stamp;
            perhaps.remove(sector);
        }
    }

    void perhapsWritten(int first, int count, long stamp) {
        for (int sector = first; sector < first + count; sector++) {
            perhaps.computeIfAbsent(sector, s -> new HashSet<>()).add(stamp);
        }
    }

    /** Holds what was read against what must be there. */
    void verify(int first, byte[] data) {
        ByteBuffer words = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < data.length / SECTOR; i++) {
            int sector = first + i;
            long stamp = words.getLong(i * SECTOR);
            if (stamp != stamps[sector] && perhaps.getOrDefault(sector, Set.of()).contains(stamp)) {
                stamps[sector] = stamp;
            }
            perhaps.remove(sector);
            for (int at = 0; at < SECTOR; at += Long.BYTES) {
                long found = words.getLong(i * SECTOR + at);
                BrokenRule.require(found == word(sector, stamps[sector], at), name + " sector " + sector + " byte " + at
                    + " holds " + found + ", not what write " + stamps[sector] + " put there");
            }
        }
    }
}
