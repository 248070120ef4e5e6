// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import com.sun.jna.Pointer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The real system calls, except where a test steps in; and a record of those on data, such as "write 7 4096+512". */
final class FaultyFileIo implements FileIo {

    /** Steps into a call. */
    interface Intervention {

        /** What {@link #on} returns to let the call happen. */
        long PASS = Long.MIN_VALUE;

        /**
         * @param call  "open", "close", "read", "write", "sync", "punch", "truncate", "discard", "erase", "drop",
         *              "cachestat", "map", "flushbuf", "mincore", "lock", "asklock"; the last three are not recorded
         * @param bytes of the first iovec, the range or the lock
         * @return what the call shall return, or {@link #PASS}
         */
        long on(String call, int fd, long offset, long bytes);
    }

    private final FileIo io = new SystemFileIo();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private volatile Intervention intervention = (call, fd, offset, bytes) -> Intervention.PASS;
    /** Bytes a single read or write moves at most; 0 for no limit. */
    private volatile int limit;
    private volatile int refusedOpenFlags;
    private volatile boolean hidesDirectAlignment;
    private volatile long fileSystemType;

    void intervene(Intervention what) {
        intervention = what;
    }

    void limitTransfers(int bytes) {
        limit = bytes;
    }

    void refuseOpenFlags(int flags) {
        refusedOpenFlags = flags;
    }

    /** As kernels before 6.1. */
    void hideDirectAlignment() {
        hidesDirectAlignment = true;
    }

    /** Images seem to be on another kind of file system: its number in statfs(2). */
    void pretendFileSystem(long type) {
        fileSystemType = type;
    }

    List<String> calls() {
        return calls;
    }

    long count(String call) {
        return calls.stream().filter(line -> line.startsWith(call + " ")).count();
    }

    @Override
    public int open(String path, int flags) {
        calls.add("open " + path);
        if ((flags & refusedOpenFlags) != 0) {
            return -22;
        }
        long result = intervention.on("open", -1, flags, 0);
        return result == Intervention.PASS ? io.open(path, flags) : (int) result;
    }

    @Override
    public int close(int fd) {
        calls.add("close " + fd);
        long result = intervention.on("close", fd, 0, 0);
        int closed = io.close(fd);
        return result == Intervention.PASS ? closed : (int) result;
    }

    @Override
    public int stat(String path, long statx) {
        return hide(io.stat(path, statx), statx);
    }

    @Override
    public int stat(int fd, long statx) {
        return hide(io.stat(fd, statx), statx);
    }

    private int hide(int result, long statx) {
        if (hidesDirectAlignment) {
            Pointer mask = new Pointer(statx);
            mask.setInt(0, mask.getInt(0) & ~Linux.STATX_DIOALIGN);
        }
        return result;
    }

    @Override
    public int access(String path, int mode) {
        return io.access(path, mode);
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
        if (request == Linux.BLKFLSBUF) {
            calls.add("flushbuf " + fd);
            long result = intervention.on("flushbuf", fd, 0, 0);
            return result == Intervention.PASS ? io.ioctl(fd, request, argument) : (int) result;
        }
        if (request != Linux.BLKDISCARD && request != Linux.BLKSECDISCARD) {
            return io.ioctl(fd, request, argument);
        }
        String call = request == Linux.BLKDISCARD ? "discard" : "erase";
        long offset = new Pointer(argument).getLong(0);
        long bytes = new Pointer(argument).getLong(8);
        calls.add(call + " " + fd + " " + offset + "+" + bytes);
        long result = intervention.on(call, fd, offset, bytes);
        return result == Intervention.PASS ? io.ioctl(fd, request, argument) : (int) result;
    }

    @Override
    public int lock(int fd, int command, long flock) {
        Pointer fields = new Pointer(flock);
        long result = intervention.on(command == Linux.F_OFD_SETLK ? "lock" : "asklock", fd, fields.getLong(8), 1);
        return result == Intervention.PASS ? io.lock(fd, command, flock) : (int) result;
    }

    @Override
    public long read(int fd, long iovecs, int count, long offset) {
        return move("read", fd, iovecs, count, offset);
    }

    @Override
    public long readNoWait(int fd, long iovecs, int count, long offset) {
        return io.readNoWait(fd, iovecs, count, offset);
    }

    @Override
    public long write(int fd, long iovecs, int count, long offset) {
        return move("write", fd, iovecs, count, offset);
    }

    private long move(String call, int fd, long iovecs, int count, long offset) {
        Pointer first = new Pointer(iovecs);
        long bytes = first.getLong(8);
        calls.add(call + " " + fd + " " + offset + "+" + bytes);
        long result = intervention.on(call, fd, offset, bytes);
        if (result != Intervention.PASS) {
            return result;
        }
        int iovecCount = count;
        if (limit > 0) {
            first.setLong(8, Math.min(bytes, limit));
            iovecCount = 1;
        }
        return call.equals("read") ? io.read(fd, iovecs, iovecCount, offset)
            : io.write(fd, iovecs, iovecCount, offset);
    }

    @Override
    public int sync(int fd) {
        calls.add("sync " + fd);
        long result = intervention.on("sync", fd, 0, 0);
        return result == Intervention.PASS ? io.sync(fd) : (int) result;
    }

    @Override
    public int truncate(int fd, long size) {
        calls.add("truncate " + fd + " " + size);
        long result = intervention.on("truncate", fd, size, 0);
        return result == Intervention.PASS ? io.truncate(fd, size) : (int) result;
    }

    @Override
    public int punchHole(int fd, long offset, long length) {
        calls.add("punch " + fd + " " + offset + "+" + length);
        long result = intervention.on("punch", fd, offset, length);
        return result == Intervention.PASS ? io.punchHole(fd, offset, length) : (int) result;
    }

    @Override
    public int dropCache(int fd, long offset) {
        calls.add("drop " + fd + " " + offset);
        long result = intervention.on("drop", fd, offset, 0);
        return result == Intervention.PASS ? io.dropCache(fd, offset) : (int) result;
    }

    @Override
    public int fileSystem(int fd, long statfs) {
        int result = io.fileSystem(fd, statfs);
        if (fileSystemType != 0) {
            new Pointer(statfs).setLong(0, fileSystemType);
        }
        return result;
    }

    @Override
    public long seek(int fd, long offset, int whence) {
        return io.seek(fd, offset, whence);
    }

    @Override
    public int cacheStat(int fd, long range, long result) {
        calls.add("cachestat " + fd);
        long returned = intervention.on("cachestat", fd, new Pointer(range).getLong(0), 0);
        return returned == Intervention.PASS ? io.cacheStat(fd, range, result) : (int) returned;
    }

    @Override
    public long map(int fd, long offset, long length) {
        calls.add("map " + fd + " " + offset + "+" + length);
        long result = intervention.on("map", fd, offset, length);
        return result == Intervention.PASS ? io.map(fd, offset, length) : result;
    }

    @Override
    public int unmap(long address, long length) {
        calls.add("unmap " + length);
        return io.unmap(address, length);
    }

    @Override
    public int resident(long address, long length, long vector) {
        long result = intervention.on("mincore", -1, 0, length);
        return result == Intervention.PASS ? io.resident(address, length, vector) : (int) result;
    }
}
