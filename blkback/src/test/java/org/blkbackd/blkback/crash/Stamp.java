// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * What a guest writes into each sector of 512 bytes, so that it knows it again: whose it is, where it belongs, which
 * generation it is, and a checksum over all. A sector of zeros is generation 0.
 *
 * <pre>
 *     0  u64 owner   8  u64 sector   16  u32 generation   20  filler that depends on all three   508  u32 CRC-32C
 * </pre>
 */
public final class Stamp {

    /** Bytes of a sector. */
    public static final int SIZE = 512;
    /** What {@link #read} returns for a sector that is none of ours, or not where it belongs, or damaged. */
    public static final int BAD = -1;

    private static final int FILLER = 20;
    private static final int CHECKSUM = SIZE - 4;
    private static final byte[] ZEROS = new byte[SIZE];

    private final long owner;
    private final CRC32C crc = new CRC32C();

    /** @param owner whose sectors they are */
    public Stamp(long owner) {
        this.owner = owner;
    }

    /** Stamps a sector. */
    public void write(byte[] data, int at, long sector, int generation) {
        ByteBuffer bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(at, owner);
        bytes.putLong(at + 8, sector);
        bytes.putInt(at + 16, generation);
        long filler = owner + sector * 0x9E3779B97F4A7C15L + generation * 0xD1B54A32D192ED03L;
        for (int i = FILLER; i < CHECKSUM; i += Long.BYTES) {
            bytes.putLong(at + i, filler += 0x94D049BB133111EBL);
        }
        bytes.putInt(at + CHECKSUM, checksum(data, at));
    }

    /** The generation found, or {@link #BAD}. */
    public int read(byte[] data, int at, long sector) {
        ByteBuffer bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.getLong(at) == owner && bytes.getLong(at + 8) == sector
            && bytes.getInt(at + CHECKSUM) == checksum(data, at)) {
            return bytes.getInt(at + 16);
        }
        return Arrays.equals(data, at, at + SIZE, ZEROS, 0, SIZE) ? 0 : BAD;
    }

    private int checksum(byte[] data, int at) {
        crc.reset();
        crc.update(data, at, CHECKSUM);
        return (int) crc.getValue();
    }
}
