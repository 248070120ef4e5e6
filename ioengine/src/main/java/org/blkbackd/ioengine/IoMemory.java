// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Zeroed, page-aligned memory outside the heap, for data buffers. It costs address space until it is touched. Nothing
 * may use an address or buffer of it after {@link #close}.
 */
public final class IoMemory implements AutoCloseable {

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int MADV_HUGEPAGE = 14;
    private static final long HUGE_PAGE = 2 << 20;

    private final long lengthBytes;
    private final long address;
    private final long mappedBytes;
    /** 0 when it is closed. */
    private long mapped;

    private IoMemory(long mapped, long mappedBytes, long address, long lengthBytes) {
        this.mapped = mapped;
        this.mappedBytes = mappedBytes;
        this.address = address;
        this.lengthBytes = lengthBytes;
    }

    /** Maps {@code lengthBytes}, rounded up to whole pages. Throws OutOfMemoryError when the system refuses. */
    public static IoMemory allocate(long lengthBytes) {
        long address = map(lengthBytes);
        return new IoMemory(address, lengthBytes, address, lengthBytes);
    }

    /**
     * The same in huge pages where the system has them free: the storage is given a large piece of memory as one, not
     * as hundreds of small pages. Whoever touches a byte may so get 2 MiB.
     */
    public static IoMemory allocateHuge(long lengthBytes) {
        long mappedBytes = lengthBytes + HUGE_PAGE;
        long mapped = map(mappedBytes);
        long address = mapped + HUGE_PAGE - 1 & -HUGE_PAGE;
        // it may be refused: then the pages are small
        LibC.madvise(address, lengthBytes, MADV_HUGEPAGE);
        return new IoMemory(mapped, mappedBytes, address, lengthBytes);
    }

    private static long map(long bytes) {
        long address = LibC.mmap(0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (address == -1) {
            throw new OutOfMemoryError("mmap of " + bytes + " bytes: errno " + Native.getLastError());
        }
        return address;
    }

    /** Native address of the first byte. */
    public long address() {
        return address;
    }

    /** Bytes asked for. */
    public long lengthBytes() {
        return lengthBytes;
    }

    /** A part of the memory as a little-endian buffer; for tests and simulators, not for the data path. */
    public ByteBuffer buffer(long offsetBytes, int bytes) {
        if (offsetBytes < 0 || bytes < 0 || offsetBytes + bytes > lengthBytes) {
            throw new IndexOutOfBoundsException("bytes " + offsetBytes + "+" + bytes + " of " + lengthBytes);
        }
        return new Pointer(address + offsetBytes).getByteBuffer(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() {
        if (mapped != 0) {
            LibC.munmap(mapped, mappedBytes);
            mapped = 0;
        }
    }
}
