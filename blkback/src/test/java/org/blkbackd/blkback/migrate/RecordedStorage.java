// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskProvider;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.WatchedFiles;

/**
 * The file engines of one daemon, recorded, with storage below them that takes its time. What a daemon had under way
 * when it died is done, and nothing else; only then its descriptors are closed and its locks free, as the kernel does.
 */
final class RecordedStorage implements DiskProvider {

    private static final int EIO = 5;
    private static final int IO_THREADS = 8;
    private static final int EBADF = 9;
    private static final boolean CLOSES_EARLY = System.getProperty("blkbackd.faults", "").contains("off:drain");
    private static final String REOPENED = "/proc/self/fd/";

    private final Life life;
    private final Function<String, StorageRecord> records;
    private final SlowStorage storage;
    private final DiskProvider files;
    /** Descriptors of this daemon, and what is recorded for each. */
    private final Map<Integer, String> paths = new ConcurrentHashMap<>();
    /** Inside the opening of an image, which tries what the storage can do. */
    private final ThreadLocal<Boolean> opening = ThreadLocal.withInitial(() -> false);

    /** @param records the record of an image's path */
    RecordedStorage(Life life, Function<String, StorageRecord> records, SlowStorage storage,
        FileOptions options) {
        this.life = life;
        this.records = records;
        this.storage = storage;
        files = WatchedFiles.provider(options.withIoThreads(IO_THREADS), this::around);
    }

    // --- opening and closing ----------------------------------------------------------------------------------------

    @Override
    public Set<String> schemes() {
        return files.schemes();
    }

    @Override
    public void check(DiskSpec spec, boolean readOnly) {
        files.check(spec, readOnly);
    }

    @Override
    public String identity(DiskSpec spec) {
        return files.identity(spec);
    }

    @Override
    public Disk open(DiskSpec spec, OpenMode mode) {
        Disk disk;
        opening.set(true);
        try {
            disk = files.open(spec, mode);
        } finally {
            opening.set(false);
        }
        records.apply(spec.target()).opened(life, mode.readOnly());
        return life.mortal(Disk.class, (Disk) Proxy.newProxyInstance(Disk.class.getClassLoader(),
            new Class<?>[] {Disk.class}, (proxy, method, arguments) -> {
                if (method.getName().equals("close")) {
                    records.apply(spec.target()).closing(life);
                    if (CLOSES_EARLY) {
                        closeUnderWay(spec.target());
                        return null;
                    }
                }
                try {
                    return method.invoke(disk, arguments);
                } catch (InvocationTargetException e) {
                    throw e.getCause();
                }
            }));
    }

    /** What our own disks refuse: closes an image with requests under way, for a daemon that does not wait for them. */
    private void closeUnderWay(String image) {
        paths.forEach((fd, path) -> {
            if (path.equals(image) && paths.remove(fd, path)) {
                WatchedFiles.close(fd);
            }
        });
    }

    @Override
    public void close() {
        files.close();
    }

    /** The end of a dead daemon. */
    void closeAfterDeath() throws InterruptedException {
        life.awaitLastCall();
        Set.copyOf(paths.values()).forEach(path -> records.apply(path).died(life));
        paths.keySet().forEach(WatchedFiles::close);
        paths.clear();
    }

    // --- calls ------------------------------------------------------------------------------------------------------

    private Object around(Method call, Object[] arguments, Callable<Object> real) throws Exception {
        if (!life.enter()) {
            return asResult(call, call.getName().equals("close") ? 0 : -EIO);
        }
        try {
            if (CLOSES_EARLY && arguments[0] instanceof Integer && !paths.containsKey(arguments[0])) {
                return asResult(call, -EBADF);
            }
            return switch (call.getName()) {
                case "open" -> open((String) arguments[0], real);
                case "close" -> close((Integer) arguments[0], real);
                case "read" -> read(arguments, real);
                case "write", "punchHole", "truncate" -> change(call.getName(), arguments, real);
                case "sync" -> sync(arguments, real);
                default -> real.call();
            };
        } finally {
            life.leave();
        }
    }

    private static Object asResult(Method call, int value) {
        return call.getReturnType() == long.class ? (Object) (long) value : (Object) value;
    }

    private Object open(String path, Callable<Object> real) throws Exception {
        int fd = (Integer) real.call();
        if (fd >= 0) {
            paths.put(fd, path.startsWith(REOPENED)
                ? paths.get(Integer.parseInt(path.substring(REOPENED.length()))) : path);
        }
        return fd;
    }

    private Object close(Integer fd, Callable<Object> real) throws Exception {
        paths.remove(fd);
        return real.call();
    }

    private Object read(Object[] arguments, Callable<Object> real) throws Exception {
        storage.beforeRead();
        Object result = real.call();
        record(arguments).note(life, "read @" + arguments[3]);
        return result;
    }

    private Object change(String name, Object[] arguments, Callable<Object> real) throws Exception {
        if (opening.get()) {
            record(arguments).note(life, "probe");
            return real.call();
        }
        if (name.equals("write")) {
            return storage.write(life, record(arguments), arguments, Path.of(paths.get(arguments[0])), real);
        }
        return storage.change(life, record(arguments), name, (Long) arguments[1], real);
    }

    private Object sync(Object[] arguments, Callable<Object> real) throws Exception {
        Object result = real.call();
        record(arguments).note(life, "sync");
        return result;
    }

    private StorageRecord record(Object[] arguments) {
        return records.apply(paths.get(arguments[0]));
    }
}
