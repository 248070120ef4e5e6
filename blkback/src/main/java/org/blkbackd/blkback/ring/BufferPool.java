// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.blkbackd.ioengine.IoMemory;

/**
 * A worker's buffers of one size, known by their numbers. Last in, first out, so that a quiet worker touches few of
 * them; those of the common part first, which is in huge pages. Owned by its worker.
 *
 * <p>Rings draw from it by way of a {@link BufferShare}. There are always as many buffers as the shares reserve, and
 * some more for everyone, which those that hold any divide among them: one ring alone may have it all, and a ring with
 * a thousand requests beside a hundred with one keeps the storage as busy as a few of them do. A ring whose storage
 * hangs can use up the common part, and no other ring's reserve.
 */
final class BufferPool implements AutoCloseable {

    private final int size;
    private final int reserve;
    private final int common;
    /** The common part, then one block for each share there ever was at a time. */
    private IoMemory[] blocks = new IoMemory[1];
    private ByteBuffer[] views = new ByteBuffer[1];
    private int[] free;
    private int count;
    private int shares;
    private int commonUsed;
    private int holders;

    /**
     * @param common  buffers for whoever needs them
     * @param reserve buffers that each share has for itself
     * @param size    bytes of one buffer
     */
    BufferPool(int common, int reserve, int size) {
        this.common = common;
        this.reserve = reserve;
        this.size = size;
        free = new int[common];
        add(0, common, 0, IoMemory.allocateHuge((long) common * size));
    }

    /** New buffers are the last to be taken. */
    private void add(int block, int buffers, int first, IoMemory memory) {
        blocks[block] = memory;
        views[block] = memory.buffer(0, buffers * size);
        System.arraycopy(free, 0, free, buffers, count);
        for (int i = 0; i < buffers; i++) {
            free[buffers - 1 - i] = first + i;
        }
        count += buffers;
    }

    /** Where the buffers are that are taken first, one behind the other. */
    long address() {
        return blocks[0].address();
    }

    /** A share for a new ring. Its buffers cost address space until they are touched. */
    BufferShare open() {
        int block = ++shares;
        if (block >= blocks.length) {
            blocks = Arrays.copyOf(blocks, block + 1);
            views = Arrays.copyOf(views, block + 1);
            free = Arrays.copyOf(free, common + block * reserve);
            add(block, reserve, common + (block - 1) * reserve, IoMemory.allocate((long) reserve * size));
        }
        return new BufferShare(this, reserve);
    }

    /** A share is not used any more; it holds nothing. The buffers stay for the next. */
    void closed() {
        shares--;
    }

    /**
     * Whether a share may hold more buffers of the common part.
     *
     * @param now      how many it holds
     * @param then     how many it would hold
     * @param isHolder whether it holds any buffers at all
     */
    boolean grantsCommon(int now, int then, boolean isHolder) {
        return commonUsed + then - now <= common && then <= common / (isHolder ? holders : holders + 1);
    }

    /** One share more, or less, holds buffers. */
    void holders(int more) {
        holders += more;
    }

    /** So many buffers were taken out of the common part, or given back to it. */
    void usedCommon(int buffers) {
        commonUsed += buffers;
    }

    int take() {
        return free[--count];
    }

    void give(int buffer) {
        free[count++] = buffer;
    }

    private int block(int buffer) {
        return buffer < common ? 0 : 1 + (buffer - common) / reserve;
    }

    /** Native address of a buffer. */
    long address(int buffer) {
        return blocks[block(buffer)].address() + offset(buffer);
    }

    /** Memory that holds a buffer, little-endian, from {@link #offset} on. */
    ByteBuffer view(int buffer) {
        return views[block(buffer)];
    }

    /** Where a buffer begins in its {@link #view}. */
    int offset(int buffer) {
        return (buffer < common ? buffer : (buffer - common) % reserve) * size;
    }

    @Override
    public void close() {
        for (IoMemory block : blocks) {
            block.close();
        }
    }
}
