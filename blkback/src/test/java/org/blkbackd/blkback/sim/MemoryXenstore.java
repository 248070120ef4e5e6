// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.WatchListener;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.XenstoreOps;

/** Just enough of a xenstored, without a wire, for the tests of this package. Permissions are kept, not obeyed. */
final class MemoryXenstore implements Xenstore {

    private record Node(String value, List<Permission> permissions) {
    }

    private record Registered(String path, WatchListener listener) {
        boolean concerns(String changed) {
            return changed.equals(path) || changed.startsWith(path + "/") || path.startsWith(changed + "/");
        }
    }

    private final TreeMap<String, Node> nodes = new TreeMap<>();
    private final Set<String> changed = new HashSet<>();
    private final List<Registered> watches = new CopyOnWriteArrayList<>();
    private final ExecutorService dispatch = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "memory-xenstore");
        thread.setDaemon(true);
        return thread;
    });

    MemoryXenstore() {
        nodes.put("", new Node("", List.of(Permission.parse("n0"))));
    }

    @Override
    public synchronized <T> T transact(Function<XenstoreOps, T> work) {
        Map<String, Node> before = new TreeMap<>(nodes);
        try {
            return work.apply(this);
        } catch (RuntimeException e) {
            nodes.clear();
            nodes.putAll(before);
            throw e;
        } finally {
            fire();
        }
    }

    private void fire() {
        List<String> paths = List.copyOf(changed);
        changed.clear();
        for (Registered watch : watches) {
            paths.stream().filter(watch::concerns).forEach(path -> dispatch.execute(() -> deliver(watch, path)));
        }
    }

    private void deliver(Registered watch, String path) {
        if (watches.contains(watch)) {
            watch.listener().changed(path);
        }
    }

    private <T> T one(Function<XenstoreOps, T> work) {
        return Thread.holdsLock(this) ? work.apply(this) : transact(work);
    }

    @Override
    public Watch watch(String path, WatchListener listener) {
        Registered watch = new Registered(path, listener);
        watches.add(watch);
        dispatch.execute(() -> deliver(watch, path));
        return () -> watches.remove(watch);
    }

    @Override
    public String read(String path) {
        String value = readOrNull(path);
        if (value == null) {
            throw new XenstoreException("read " + path, "ENOENT");
        }
        return value;
    }

    @Override
    public synchronized String readOrNull(String path) {
        Node node = nodes.get(path);
        return node == null ? null : node.value();
    }

    @Override
    public void write(String path, String value) {
        one(store -> {
            mkdir(path);
            nodes.put(path, new Node(value, nodes.get(path).permissions()));
            return changed.add(path);
        });
    }

    @Override
    public void mkdir(String path) {
        one(store -> {
            if (!nodes.containsKey(path)) {
                String parent = path.substring(0, path.lastIndexOf('/'));
                mkdir(parent);
                nodes.put(path, new Node("", nodes.get(parent).permissions()));
                changed.add(path);
            }
            return null;
        });
    }

    @Override
    public synchronized List<String> directory(String path) {
        List<String> names = new ArrayList<>();
        for (String below : nodes.tailMap(path + "/").keySet()) {
            if (!below.startsWith(path + "/")) {
                break;
            }
            String name = below.substring(path.length() + 1);
            if (name.indexOf('/') < 0) {
                names.add(name);
            }
        }
        return names;
    }

    @Override
    public void remove(String path) {
        one(store -> {
            nodes.keySet().removeIf(node -> node.equals(path) || node.startsWith(path + "/"));
            return changed.add(path);
        });
    }

    @Override
    public synchronized List<Permission> permissions(String path) {
        return nodes.get(path).permissions();
    }

    @Override
    public void setPermissions(String path, List<Permission> permissions) {
        one(store -> nodes.replace(path, new Node(nodes.get(path).value(), List.copyOf(permissions))));
    }

    @Override
    public void close() {
        dispatch.shutdown();
    }
}
