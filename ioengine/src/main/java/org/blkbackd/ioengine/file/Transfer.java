// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.nio.ByteBuffer;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.ScatterCopy;

/**
 * Runs one request at a time to its end, in one I/O thread; owns that thread's iovec array and bounce buffer.
 *
 * <p><b>Blocks larger than 512.</b> A guest may write any 512-byte sector; with O_DIRECT the storage takes whole blocks
 * only (4096 bytes, say). A write that covers a block in part reads the block, changes it and writes it back, and no
 * other sector of the block may change in between. Each write and discard therefore locks the blocks it touches, in the
 * disk's {@link RangeLocks}, before its first read until after its last write: exclusively if it covers a block in
 * part, else shared. Then
 * <ul>
 * <li>two partial writes of one block exclude each other: the later one reads what the earlier one wrote;
 * <li>a whole write of the block excludes a partial one: it cannot slip in between the read and the write back, which
 *     would undo it; two whole writes need no order between them that the guest did not make itself;
 * <li>a read needs no lock: a write back puts the bytes there that are there already, except in the sectors being
 *     written, whose content is the guest's own race;
 * <li>the lock is the disk's, not the engine's, so all this holds across engines; and the whole range is taken at once,
 *     so two writes never wait for each other.
 * </ul>
 * Another process that writes the image at the same time is outside this: that is what the image lock is for.
 *
 * <p><b>An image that ends in a part of a block.</b> O_DIRECT cannot write that part without changing the file's size.
 * From {@link Layout#tailStart} on, a page boundary, everything goes through a second, buffered descriptor. No byte is
 * ever reached both ways, and no page of the cache spans the border, so neither can show or overwrite the other with
 * something stale. A flush covers both descriptors. When such an image grows, {@link ImageGrowth} moves the border
 * while it holds everything beyond it locked; that is why also a read of the tail takes a lock, a shared one.
 *
 * <p>A short transfer goes on where it stopped, a first error ends the request, and an end of file inside the disk is
 * EIO: the image was truncated under us, and memory that was not read must not pass for data.
 */
final class Transfer implements AutoCloseable {

    static final int BOUNCE_BYTES = 256 * 1024;
    private static final int IOVECS_BYTES = Linux.IOV_MAX * Linux.IOVEC_BYTES;

    private final FileIo io;
    private final int slot;
    private final IoMemory memory;
    private final ByteBuffer iovecs;
    private final long bounce;
    private final Discarder discarder;

    /** @param slot number of the owning I/O thread */
    Transfer(FileIo io, int slot) {
        this.io = io;
        this.slot = slot;
        memory = IoMemory.allocate((long) IOVECS_BYTES + BOUNCE_BYTES);
        iovecs = memory.buffer(0, IOVECS_BYTES);
        bounce = memory.address() + IOVECS_BYTES;
        discarder = new Discarder(io, slot, memory);
    }

    /**
     * Reads, writes or discards; the request passed the range check. Returns 0, a negative errno, or {@link
     * Discarder#MORE}.
     */
    long run(FileDisk disk, IoRequest request) {
        return request.operation() == IoRequest.Operation.DISCARD ? discarder.step(disk, request)
            : transfer(disk, request);
    }

    private long transfer(FileDisk disk, IoRequest request) {
        Image image = disk.image();
        Layout layout = image.layout();
        long end = request.offsetBytes() + request.lengthBytes();
        boolean write = request.operation() == IoRequest.Operation.WRITE;
        if (image.locks() == null || !write && end <= layout.tailStart()) {
            return move(image, request, write);
        }
        long first = write ? layout.floor(request.offsetBytes()) : Math.max(request.offsetBytes(), layout.tailStart());
        long last = write ? layout.ceiling(end) : end;
        image.locks().acquire(slot, first, last, write && (first != request.offsetBytes() || last != end));
        try {
            // not the image from above: it may have grown while this waited, and its tail be somewhere else now
            return move(disk.image(), request, write);
        } finally {
            image.locks().release(slot);
        }
    }

    @Override
    public void close() {
        memory.close();
    }

    private long move(Image image, IoRequest request, boolean write) {
        Layout layout = image.layout();
        long offset = request.offsetBytes();
        long length = request.lengthBytes();
        // bytes of the request that lie before the tail
        long body = Math.min(length, Math.max(0, layout.tailStart() - offset));
        long result = 0;
        if (body > 0) {
            result = fits(layout, request, body) ? vectored(image.fd(), request, 0, body, layout, write)
                : bounced(image, request, body, write);
        }
        if (result == 0 && body < length) {
            result = vectored(image.tailFd(), request, body, length, FileDisk.BUFFERED_LAYOUT, write);
        }
        return result;
    }

    /** Whether the request's memory can be given to the kernel as it is. */
    static boolean fits(Layout layout, IoRequest request, long body) {
        long bits = (request.offsetBytes() | body) & layout.offsetAlignment() - 1;
        long left = body;
        for (int i = 0; left > 0; i++) {
            long length = Math.min(left, request.length(i));
            bits |= request.address(i) & layout.memoryAlignment() - 1 | length & layout.offsetAlignment() - 1;
            left -= length;
        }
        return bits == 0;
    }

    private long vectored(int fd, IoRequest request, long from, long to, Layout layout, boolean write) {
        // after a short transfer both the offset and the addresses must still be aligned
        int unit = Math.max(layout.offsetAlignment(), layout.memoryAlignment());
        long done = from;
        while (done < to) {
            int count = describe(request, done, to);
            long moved = call(fd, count, request.offsetBytes() + done, write);
            if (moved < 0) {
                return moved;
            }
            long whole = done + moved >= to ? moved : moved & -unit;
            if (whole == 0) {
                return -Errno.EIO;
            }
            done += whole;
        }
        return 0;
    }

    /** Fills the iovec array with a range of the scatter list, as far as it fits; returns the entries used. */
    private int describe(IoRequest request, long from, long to) {
        long skip = from;
        long left = to - from;
        int count = 0;
        for (int i = 0; left > 0 && count < Linux.IOV_MAX; i++) {
            int length = request.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            long part = Math.min(length - skip, left);
            iovecs.putLong(count * Linux.IOVEC_BYTES, request.address(i) + skip);
            iovecs.putLong(count * Linux.IOVEC_BYTES + 8, part);
            count++;
            left -= part;
            skip = 0;
        }
        return count;
    }

    /** Moves the body in whole blocks through the bounce buffer. */
    private long bounced(Image image, IoRequest request, long body, boolean write) {
        Layout layout = image.layout();
        long start = request.offsetBytes();
        long end = start + body;
        long last = layout.ceiling(end);
        for (long at = layout.floor(start); at < last; at += BOUNCE_BYTES) {
            int bytes = (int) Math.min(BOUNCE_BYTES, last - at);
            long from = Math.max(at, start);
            long to = Math.min(at + bytes, end);
            long result = write ? fillEdges(image.fd(), layout, at, bytes, from, to)
                : contiguous(image.fd(), bounce, bytes, at, layout, false);
            if (result == 0 && write) {
                ScatterCopy.gather(request, from - start, bounce + from - at, to - from);
                result = contiguous(image.fd(), bounce, bytes, at, layout, true);
            } else if (result == 0) {
                ScatterCopy.scatter(request, from - start, bounce + from - at, to - from);
            }
            if (result != 0) {
                return result;
            }
        }
        return 0;
    }

    /** Reads the first and the last block of a chunk if [from, to) leaves a part of them as it is. */
    private long fillEdges(int fd, Layout layout, long at, int bytes, long from, long to) {
        int unit = layout.offsetAlignment();
        long result = 0;
        boolean first = from > at;
        if (first) {
            result = contiguous(fd, bounce, unit, at, layout, false);
        }
        if (result == 0 && to < at + bytes && !(first && bytes == unit)) {
            result = contiguous(fd, bounce + bytes - unit, unit, at + bytes - unit, layout, false);
        }
        return result;
    }

    private long contiguous(int fd, long address, int bytes, long offset, Layout layout, boolean write) {
        int unit = Math.max(layout.offsetAlignment(), layout.memoryAlignment());
        long done = 0;
        while (done < bytes) {
            iovecs.putLong(0, address + done);
            iovecs.putLong(8, bytes - done);
            long moved = call(fd, 1, offset + done, write);
            if (moved < 0) {
                return moved;
            }
            long whole = done + moved >= bytes ? moved : moved & -unit;
            if (whole == 0) {
                return -Errno.EIO;
            }
            done += whole;
        }
        return 0;
    }

    private long call(int fd, int count, long offset, boolean write) {
        long moved;
        do {
            moved = write ? io.write(fd, memory.address(), count, offset)
                : io.read(fd, memory.address(), count, offset);
        } while (moved == -Errno.EINTR);
        return moved;
    }
}
