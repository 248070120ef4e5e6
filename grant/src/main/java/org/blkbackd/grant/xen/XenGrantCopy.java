// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.blkbackd.grant.Errno;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantStatus;
import org.blkbackd.grant.GrantTable;

/**
 * A batch of struct xengnttab_grant_copy_segment (xengnttab.h), handed to the kernel as it lies here. 24 bytes each:
 *
 * <pre>
 *    0  source   guest's page: u32 ref, u16 offset, u16 domid; or our address: u64
 *    8  dest     likewise
 *   16  u16 length    18  u16 flags: 1 = source is a grant, 2 = dest is    20  s16 status
 * </pre>
 */
final class XenGrantCopy implements GrantCopy {

    static final int SEGMENT_BYTES = 24;

    private static final int SOURCE = 0;
    private static final int DEST = 8;
    private static final int LENGTH = 16;
    private static final int FLAGS = 18;
    private static final int STATUS = 20;
    private static final short SOURCE_IS_GRANT = 1; // GNTCOPY_source_gref
    private static final short DEST_IS_GRANT = 2; // GNTCOPY_dest_gref

    /** Instead of a number that does not fit, which would name another domain once it is cut to 16 bits. */
    private static final int DOMID_INVALID = 0x7FF4;

    private final XenGrantTable table;
    private final int capacity;
    private final int guestSide;
    private final int ourSide;
    private final short flags;
    private final Memory segments;
    private final long address;
    private final ByteBuffer bytes;
    private int size;
    private boolean closed;

    XenGrantCopy(XenGrantTable table, Direction direction, int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity " + capacity);
        }
        this.table = table;
        this.capacity = capacity;
        guestSide = direction == Direction.FROM_GUEST ? SOURCE : DEST;
        ourSide = direction == Direction.FROM_GUEST ? DEST : SOURCE;
        flags = direction == Direction.FROM_GUEST ? SOURCE_IS_GRANT : DEST_IS_GRANT;
        segments = new Memory((long) capacity * SEGMENT_BYTES);
        segments.clear();
        address = Pointer.nativeValue(segments);
        bytes = segments.getByteBuffer(0, segments.size()).order(ByteOrder.nativeOrder());
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public void clear() {
        size = 0;
    }

    @Override
    public int add(int domid, int grantRef, int offsetBytes, long ourAddress, int lengthBytes) {
        if (size == capacity || closed) {
            throw new IllegalStateException(closed ? "the batch is closed" : "the batch is full");
        }
        if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes > GrantTable.PAGE_SIZE - lengthBytes) {
            throw new IllegalArgumentException(lengthBytes + " bytes at " + offsetBytes + " leave the page");
        }
        int at = size * SEGMENT_BYTES;
        bytes.putInt(at + guestSide, grantRef);
        bytes.putShort(at + guestSide + 4, (short) offsetBytes);
        bytes.putShort(at + guestSide + 6, (short) (domid >>> 16 == 0 ? domid : DOMID_INVALID));
        bytes.putLong(at + ourSide, ourAddress);
        bytes.putShort(at + LENGTH, (short) lengthBytes);
        bytes.putShort(at + FLAGS, flags);
        bytes.putShort(at + STATUS, (short) GrantStatus.GENERAL_ERROR);
        return size++;
    }

    @Override
    public int execute() {
        if (size == 0) {
            return 0;
        }
        int result = LibXengnttab.xengnttabGrantCopy(table.handle(), size, address);
        return result == 0 ? 0 : -Math.max(Errno.EPERM, Native.getLastError());
    }

    @Override
    public int status(int index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        return bytes.getShort(index * SEGMENT_BYTES + STATUS);
    }

    /** The memory goes with the garbage: a batch that is used after closing finds itself empty, not freed. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            size = 0;
            table.release();
        }
    }

    /** The batch as the kernel gets it. */
    ByteBuffer bytes() {
        return bytes;
    }
}
