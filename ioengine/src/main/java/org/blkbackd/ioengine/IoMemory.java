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

    private final long lengthBytes;
    private long address;

    private IoMemory(long address, long lengthBytes) {
        this.address = address;
        this.lengthBytes = lengthBytes;
    }

    /** Maps {@code lengthBytes}, rounded up to whole pages. Throws OutOfMemoryError when the system refuses. */
    public static IoMemory allocate(long lengthBytes) {
        long address = LibC.mmap(0, lengthBytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (address == -1) {
            throw new OutOfMemoryError("mmap of " + lengthBytes + " bytes: errno " + Native.getLastError());
        }
        return new IoMemory(address, lengthBytes);
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
        if (address != 0) {
            LibC.munmap(address, lengthBytes);
            address = 0;
        }
    }
}
