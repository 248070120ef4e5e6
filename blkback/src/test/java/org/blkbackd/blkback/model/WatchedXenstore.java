// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.WatchListener;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreOps;

/** The daemon's connection: what it does to states is held against {@link StateRules} before it is committed. */
final class WatchedXenstore implements Xenstore {

    private final Xenstore xenstore;
    private final StateRules rules;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong waitedNs = new AtomicLong();

    WatchedXenstore(Xenstore xenstore, StateRules rules) {
        this.xenstore = xenstore;
        this.rules = rules;
    }

    @Override
    public String read(String path) {
        return timed(() -> xenstore.read(path));
    }

    @Override
    public String readOrNull(String path) {
        return timed(() -> xenstore.readOrNull(path));
    }

    /** A batch is one request here: it is waited for once. */
    @Override
    public Map<String, String> readAll(Collection<String> paths) {
        return timed(() -> xenstore.readAll(paths));
    }

    @Override
    public void writeAll(Map<String, String> values) {
        values.forEach(rules::outsideTransaction);
        timed(() -> {
            xenstore.writeAll(values);
            return null;
        });
    }

    @Override
    public void write(String path, String value) {
        rules.outsideTransaction(path, value);
        timed(() -> {
            xenstore.write(path, value);
            return null;
        });
    }

    @Override
    public void mkdir(String path) {
        xenstore.mkdir(path);
    }

    @Override
    public List<String> directory(String path) {
        return timed(() -> xenstore.directory(path));
    }

    @Override
    public void remove(String path) {
        rules.removed(path);
        timed(() -> {
            xenstore.remove(path);
            return null;
        });
    }

    @Override
    public List<Permission> permissions(String path) {
        return xenstore.permissions(path);
    }

    @Override
    public void setPermissions(String path, List<Permission> permissions) {
        xenstore.setPermissions(path, permissions);
    }

    @Override
    public <T> T transact(Function<XenstoreOps, T> work) {
        return timed(() -> xenstore.transact(watched(work)));
    }

    @Override
    public <T> T transact(int tries, Function<XenstoreOps, T> work) {
        return timed(() -> xenstore.transact(tries, watched(work)));
    }

    private <T> Function<XenstoreOps, T> watched(Function<XenstoreOps, T> work) {
        return store -> {
            requests.incrementAndGet();
            WatchedTransaction watched = new WatchedTransaction(store);
            T result = work.apply(watched);
            watched.changes.forEach(Runnable::run);
            return result;
        };
    }

    @Override
    public Watch watch(String path, WatchListener listener) {
        return timed(() -> xenstore.watch(path, listener));
    }

    @Override
    public void close() {
        xenstore.close();
    }

    /** Requests made so far, and the time somebody waited for their answers. */
    String cost() {
        return requests.get() + " xenstore requests of the daemon, " + waitedNs.get() / 1_000_000 + " ms";
    }

    private <T> T timed(Supplier<T> call) {
        requests.incrementAndGet();
        long start = System.nanoTime();
        try {
            return call.get();
        } finally {
            waitedNs.addAndGet(System.nanoTime() - start);
        }
    }

    /** Notes the state that was read and the one that is written over it. */
    private final class WatchedTransaction implements XenstoreOps {

        private final XenstoreOps store;
        private final Map<String, String> read = new HashMap<>();
        private final List<Runnable> changes = new ArrayList<>();

        private WatchedTransaction(XenstoreOps store) {
            this.store = store;
        }

        @Override
        public String read(String path) {
            requests.incrementAndGet();
            String value = store.read(path);
            read.put(path, value);
            return value;
        }

        @Override
        public String readOrNull(String path) {
            requests.incrementAndGet();
            String value = store.readOrNull(path);
            read.put(path, value);
            return value;
        }

        @Override
        public Map<String, String> readAll(Collection<String> paths) {
            requests.incrementAndGet();
            Map<String, String> values = store.readAll(paths);
            paths.forEach(path -> read.put(path, values.get(path)));
            return values;
        }

        @Override
        public void writeAll(Map<String, String> values) {
            values.forEach((path, value) -> changes.add(() -> rules.written(path, read.get(path), value)));
            requests.incrementAndGet();
            store.writeAll(values);
        }

        @Override
        public void write(String path, String value) {
            changes.add(() -> rules.written(path, read.get(path), value));
            requests.incrementAndGet();
            store.write(path, value);
        }

        @Override
        public void mkdir(String path) {
            requests.incrementAndGet();
            store.mkdir(path);
        }

        @Override
        public List<String> directory(String path) {
            requests.incrementAndGet();
            return store.directory(path);
        }

        @Override
        public void remove(String path) {
            changes.add(() -> rules.removed(path));
            requests.incrementAndGet();
            store.remove(path);
        }

        @Override
        public List<Permission> permissions(String path) {
            requests.incrementAndGet();
            return store.permissions(path);
        }

        @Override
        public void setPermissions(String path, List<Permission> permissions) {
            requests.incrementAndGet();
            store.setPermissions(path, permissions);
        }
    }
}
