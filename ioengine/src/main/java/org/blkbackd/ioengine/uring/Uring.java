// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.uring;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.LibC;

/**
 * One io_uring: its memory and its three calls. Made by any thread, then used by one, the first that calls {@link
 * #enable}. Results are the kernel's, errors a negative errno.
 */
final class Uring implements AutoCloseable {

    private static final VarHandle INT =
        MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;
    private static final int SIGNAL_SET_BYTES = 8;
    private static final int BASIC = UringAbi.SETUP_R_DISABLED | UringAbi.SETUP_CLAMP | UringAbi.SETUP_CQSIZE;
    /**
     * The best first; of 6.1, 5.19, and before. Completions that wait for the owner to enter cost it no interrupt, and
     * it sees by a flag that they wait.
     */
    static final int[] FLAGS = {
        BASIC | UringAbi.SETUP_SUBMIT_ALL | UringAbi.SETUP_TASKRUN_FLAG | UringAbi.SETUP_SINGLE_ISSUER
            | UringAbi.SETUP_DEFER_TASKRUN,
        BASIC | UringAbi.SETUP_SUBMIT_ALL | UringAbi.SETUP_TASKRUN_FLAG | UringAbi.SETUP_COOP_TASKRUN,
        BASIC};

    private final int fd;
    private final long ringBytes;
    private final long sqeBytes;
    private final int sqEntries;
    private final int cqEntries;
    private final int sqHeadAt;
    private final int sqTailAt;
    private final int sqFlagsAt;
    private final int cqHeadAt;
    private final int cqTailAt;
    private final int cqesAt;
    private final long ringAddress;
    private final long sqeAddress;
    private final ByteBuffer ring;
    private final ByteBuffer sqes;
    private int sqTail;
    private int cqHead;

    private Uring(int fd, ByteBuffer params) throws UringUnavailableException {
        this.fd = fd;
        sqEntries = params.getInt(UringAbi.PARAMS_SQ_ENTRIES);
        cqEntries = params.getInt(UringAbi.PARAMS_CQ_ENTRIES);
        sqHeadAt = params.getInt(UringAbi.PARAMS_SQ_HEAD);
        sqTailAt = params.getInt(UringAbi.PARAMS_SQ_TAIL);
        sqFlagsAt = params.getInt(UringAbi.PARAMS_SQ_FLAGS);
        cqHeadAt = params.getInt(UringAbi.PARAMS_CQ_HEAD);
        cqTailAt = params.getInt(UringAbi.PARAMS_CQ_TAIL);
        cqesAt = params.getInt(UringAbi.PARAMS_CQ_CQES);
        int arrayAt = params.getInt(UringAbi.PARAMS_SQ_ARRAY);
        ringBytes = Math.max(arrayAt + 4L * sqEntries, cqesAt + (long) UringAbi.CQE_BYTES * cqEntries);
        sqeBytes = (long) UringAbi.SQE_BYTES * sqEntries;
        ringAddress = map(ringBytes, UringAbi.OFF_RINGS);
        try {
            sqeAddress = map(sqeBytes, UringAbi.OFF_SQES);
        } catch (UringUnavailableException e) {
            LibC.munmap(ringAddress, ringBytes);
            throw e;
        }
        ring = buffer(ringAddress, ringBytes);
        sqes = buffer(sqeAddress, sqeBytes);
        for (int i = 0; i < sqEntries; i++) {
            ring.putInt(arrayAt + 4 * i, i);
        }
    }

    /**
     * Makes one.
     *
     * @param sqEntries requests that can wait for {@link #enter}, a power of two
     * @param cqEntries completions that have room, a power of two
     * @param first     of {@link #FLAGS}; later ones are tried where the kernel does not know it
     */
    static Uring open(int sqEntries, int cqEntries, int first) throws UringUnavailableException {
        try (IoMemory memory = IoMemory.allocate(UringAbi.PARAMS_BYTES)) {
            ByteBuffer params = memory.buffer(0, UringAbi.PARAMS_BYTES);
            int fd = -Errno.EINVAL;
            for (int i = first; i < FLAGS.length && fd == -Errno.EINVAL; i++) {
                for (int at = 0; at < UringAbi.PARAMS_BYTES; at += 4) {
                    params.putInt(at, 0);
                }
                params.putInt(UringAbi.PARAMS_FLAGS, FLAGS[i]).putInt(UringAbi.PARAMS_CQ_ENTRIES, cqEntries);
                fd = (int) call(UringAbi.SYS_SETUP, sqEntries, memory.address(), 0, 0, 0, 0);
            }
            if (fd < 0) {
                throw new UringUnavailableException(reason(-fd));
            }
            try {
                if ((params.getInt(UringAbi.PARAMS_FEATURES) & UringAbi.NEEDED) != UringAbi.NEEDED) {
                    throw new UringUnavailableException("this kernel's io_uring is too old; 5.13 is the least");
                }
                return new Uring(fd, params);
            } catch (UringUnavailableException e) {
                LibC.close(fd);
                throw e;
            }
        }
    }

    private static String reason(int errno) {
        String name = Errno.name(errno);
        return switch (errno) {
            case Errno.ENOSYS -> "this kernel has no io_uring (" + name + ")";
            case Errno.EPERM, Errno.EACCES -> "this process may not use io_uring (" + name
                + "); see sysctl kernel.io_uring_disabled and the unit's SystemCallFilter";
            case Errno.ENOMEM -> "there is no memory for its rings (" + name + "); see the unit's LimitMEMLOCK";
            default -> "io_uring_setup fails with " + name;
        };
    }

    private long map(long bytes, long offset) throws UringUnavailableException {
        long address = LibC.mmap(0, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset);
        if (address == -1) {
            throw new UringUnavailableException("its rings cannot be mapped (" + Errno.name(Native.getLastError())
                + ")");
        }
        return address;
    }

    private static ByteBuffer buffer(long address, long bytes) {
        return new Pointer(address).getByteBuffer(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The calling thread is the one that enters from now on. */
    int enable() {
        return (int) call(UringAbi.SYS_REGISTER, fd, UringAbi.REGISTER_ENABLE_RINGS, 0, 0, 0, 0);
    }

    /** io_uring_register(2). */
    int register(int what, long argument, int count) {
        return (int) call(UringAbi.SYS_REGISTER, fd, what, argument, count, 0, 0);
    }

    /** How many completions have room. */
    int cqEntries() {
        return cqEntries;
    }

    /** Requests prepared and not yet taken by the kernel. */
    int unsubmitted() {
        return sqTail - (int) INT.getAcquire(ring, sqHeadAt);
    }

    /** Whether there is room to prepare another. */
    boolean hasRoom() {
        return unsubmitted() < sqEntries;
    }

    /** Prepares a request; there is room. {@code extra} are the operation's flags, or what a poll waits for. */
    void prepare(int operation, int file, long offset, long address, int length, int extra, long userData) {
        int at = (sqTail++ & sqEntries - 1) * UringAbi.SQE_BYTES;
        sqes.putLong(at, operation | (long) file << 32)
            .putLong(at + 8, offset)
            .putLong(at + 16, address)
            .putLong(at + 24, length | (long) extra << 32)
            .putLong(at + 32, userData)
            .putLong(at + 40, 0)
            .putLong(at + 48, 0)
            .putLong(at + 56, 0);
    }

    /**
     * Submits, and waits for completions; they may appear nowhere else than in here.
     *
     * @param submit   how many of the prepared requests
     * @param complete how many completions to wait for
     * @param argument address of a struct io_uring_getevents_arg, or 0
     */
    int enter(int submit, int complete, long argument) {
        INT.setRelease(ring, sqTailAt, sqTail);
        return (int) call(UringAbi.SYS_ENTER, fd, submit, complete,
            argument == 0 ? UringAbi.ENTER_GETEVENTS : UringAbi.ENTER_GETEVENTS | UringAbi.ENTER_EXT_ARG,
            argument, argument == 0 ? SIGNAL_SET_BYTES : UringAbi.EXT_ARG_BYTES);
    }

    /** Whether completions wait for an {@link #enter} to appear. */
    boolean hasHidden() {
        return ((int) INT.getAcquire(ring, sqFlagsAt) & (UringAbi.SQ_CQ_OVERFLOW | UringAbi.SQ_TASKRUN)) != 0;
    }

    /** Whether there is a completion; the next three are of it. */
    boolean hasCompletion() {
        return (int) INT.getAcquire(ring, cqTailAt) != cqHead;
    }

    long userData() {
        return ring.getLong(cqe());
    }

    int result() {
        return ring.getInt(cqe() + 8);
    }

    int flags() {
        return ring.getInt(cqe() + 12);
    }

    /** Gives the completion's place back. */
    void advance() {
        cqHead++;
        INT.setRelease(ring, cqHeadAt, cqHead);
    }

    private int cqe() {
        return cqesAt + (cqHead & cqEntries - 1) * UringAbi.CQE_BYTES;
    }

    private static long call(long number, long first, long second, long third, long fourth, long fifth, long sixth) {
        long result = LibUring.syscall(number, first, second, third, fourth, fifth, sixth);
        return result < 0 ? -Native.getLastError() : result;
    }

    @Override
    public void close() {
        LibC.munmap(sqeAddress, sqeBytes);
        LibC.munmap(ringAddress, ringBytes);
        LibC.close(fd);
    }
}
