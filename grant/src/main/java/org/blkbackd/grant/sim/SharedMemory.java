// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.blkbackd.grant.GrantException;

/**
 * A sparse file mapped by every process of the simulation, with volatile access to its words. A new file is all zero,
 * which every table in it takes for "empty", so that no process has to initialise anything. The mapping goes when the
 * last buffer on it is garbage: never under the feet of a thread that still uses one.
 */
final class SharedMemory {

    private static final VarHandle INT =
        MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle LONG =
        MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final ByteBuffer bytes;
    private final long address;

    private SharedMemory(ByteBuffer bytes) {
        this.bytes = bytes;
        this.address = Pointer.nativeValue(Native.getDirectBufferPointer(bytes));
    }

    /** Creates or joins {@code file} of {@code size} bytes. */
    static SharedMemory map(Path file, int size) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            return new SharedMemory(channel.map(FileChannel.MapMode.READ_WRITE, 0, size));
        } catch (IOException e) {
            throw new GrantException("cannot map " + file + ": " + e, 0);
        }
    }

    int getInt(int offset) {
        return (int) INT.getVolatile(bytes, offset);
    }

    void setInt(int offset, int value) {
        INT.setVolatile(bytes, offset, value);
    }

    boolean casInt(int offset, int expected, int value) {
        return INT.compareAndSet(bytes, offset, expected, value);
    }

    /** Returns the value before. */
    int addInt(int offset, int delta) {
        return (int) INT.getAndAdd(bytes, offset, delta);
    }

    long getLong(int offset) {
        return (long) LONG.getVolatile(bytes, offset);
    }

    void setLong(int offset, long value) {
        LONG.setVolatile(bytes, offset, value);
    }

    boolean casLong(int offset, long expected, long value) {
        return LONG.compareAndSet(bytes, offset, expected, value);
    }

    /** Returns the value before. */
    long setBits(int offset, long bits) {
        return (long) LONG.getAndBitwiseOr(bytes, offset, bits);
    }

    /** Returns the value before. */
    long clearBits(int offset, long bits) {
        return (long) LONG.getAndBitwiseAnd(bytes, offset, ~bits);
    }

    long address(int offset) {
        return address + offset;
    }

    ByteBuffer slice(int offset, int length) {
        return bytes.slice(offset, length).order(ByteOrder.LITTLE_ENDIAN);
    }
}
