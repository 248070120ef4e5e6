// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.statistics;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The published counters of one disk: a mapped file in tmpfs. Publishing is a few stores, without a system call.
 *
 * <p>96 bytes in host order, {@code struct vbd3_stats} of Xen's tools/libs/stat/xenstat_priv.h, which took it from
 * blktap; read by {@code read_attributes_vbd3} of xenstat_linux.c since Xen 4.19, which refuses another version and a
 * shorter file:
 *
 * <pre>
 *    0  u32  version, 1                    4  padding
 *    8  u64  oo_reqs              shown    as VBD_OO: how often a backend was out of request structures; we never are
 *   16  u64  read_reqs_submitted  shown    as VBD_RD
 *   24  u64  read_reqs_completed
 *   32  u64  read_sectors         shown    as VBD_RSECT; of 512 bytes
 *   40  u64  read_total_ticks     always 0 here
 *   48  u64  write_reqs_submitted shown    as VBD_WR
 *   56  u64  write_reqs_completed
 *   64  u64  write_sectors        shown    as VBD_WSECT
 *   72  u64  write_total_ticks    always 0 here
 *   80  u64  io_errors
 *   88  u64  flags                always 0 here
 * </pre>
 *
 * <p>Each counter that a reader sees is whole; they are not all of one moment.
 */
public final class StatisticsFile implements AutoCloseable {

    private static final int SIZE = 96;
    private static final int VERSION = 1;
    private static final int READS_SUBMITTED = 16;
    private static final int READS_COMPLETED = 24;
    private static final int READ_SECTORS = 32;
    private static final int WRITES_SUBMITTED = 48;
    private static final int WRITES_COMPLETED = 56;
    private static final int WRITE_SECTORS = 64;
    private static final int IO_ERRORS = 80;
    private static final VarHandle LONGS =
        MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final Path path;
    private final ByteBuffer mapped;
    private final Object identity;

    private StatisticsFile(Path path, ByteBuffer mapped) throws IOException {
        this.path = path;
        this.mapped = mapped;
        identity = identity(path);
    }

    private static Object identity(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey();
    }

    /** Makes the file anew, with all counters 0; whoever still has an earlier one of this name keeps that. */
    static StatisticsFile create(Path path) throws IOException {
        Path fresh = path.resolveSibling("." + path.getFileName() + ".new");
        try {
            return new StatisticsFile(path, mappedAnew(fresh, path));
        } catch (IOException e) {
            Files.deleteIfExists(fresh);
            throw e;
        }
    }

    private static ByteBuffer mappedAnew(Path fresh, Path path) throws IOException {
        Files.deleteIfExists(fresh);
        try (FileChannel file = FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
            // Written before it is mapped: where tmpfs is full that is an error here, and not a SIGBUS later.
            ByteBuffer zeros = ByteBuffer.allocate(SIZE).order(ByteOrder.nativeOrder()).putInt(0, VERSION);
            while (zeros.hasRemaining()) {
                file.write(zeros);
            }
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
            ByteBuffer mapped = file.map(FileChannel.MapMode.READ_WRITE, 0, SIZE);
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
            return mapped;
        } catch (FileAlreadyExistsException e) {
            throw new IOException(fresh + " is made by someone else, too", e);
        }
    }

    /**
     * Publishes the counters as they are now. Requests are counted when they have been answered; sectors are 512 bytes.
     * One thread at a time.
     */
    public void publish(long reads, long readSectors, long writes, long writeSectors, long ioErrors) {
        LONGS.setOpaque(mapped, READS_SUBMITTED, reads);
        LONGS.setOpaque(mapped, READS_COMPLETED, reads);
        LONGS.setOpaque(mapped, READ_SECTORS, readSectors);
        LONGS.setOpaque(mapped, WRITES_SUBMITTED, writes);
        LONGS.setOpaque(mapped, WRITES_COMPLETED, writes);
        LONGS.setOpaque(mapped, WRITE_SECTORS, writeSectors);
        LONGS.setOpaque(mapped, IO_ERRORS, ioErrors);
    }

    /**
     * Removes the file, unless another process has made its own. Publishing after that is harmless: the memory lives as
     * long as this object.
     */
    @Override
    public void close() throws IOException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && identity.equals(identity(path))) {
            Files.deleteIfExists(path);
        }
    }
}
