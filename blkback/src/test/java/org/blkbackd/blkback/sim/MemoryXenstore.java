// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

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
import org.blkbackd.xenstore.Permission.Access;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.WatchListener;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.XenstoreOps;

/** Just enough of a xenstored, without a wire, for the tests of this package. */
final class MemoryXenstore implements Xenstore {

    private record Node(String value, List<Permission> permissions) {
    }

    private record Registered(String path, WatchListener listener) {
        boolean concerns(String changed) {
            return changed.equals(path) || changed.startsWith(path + "/") || path.startsWith(changed + "/");
        }
    }

    private final int domid;
    private final TreeMap<String, Node> nodes;
    private final Set<String> changed;
    private final List<Registered> watches;
    private final ExecutorService dispatch;

    /** Domain 0's connection. */
    MemoryXenstore() {
        domid = 0;
        nodes = new TreeMap<>();
        changed = new HashSet<>();
        watches = new CopyOnWriteArrayList<>();
        dispatch = Executors.newSingleThreadExecutor(work -> {
            Thread thread = new Thread(work, "memory-xenstore");
            thread.setDaemon(true);
            return thread;
        });
        nodes.put("", new Node("", List.of(Permission.parse("n0"))));
    }

    private MemoryXenstore(MemoryXenstore host, int domid) {
        this.domid = domid;
        nodes = host.nodes;
        changed = host.changed;
        watches = host.watches;
        dispatch = host.dispatch;
    }

    /** A guest's connection to the same store. */
    MemoryXenstore guest(int guestDomid) {
        return new MemoryXenstore(this, guestDomid);
    }

    /** The rule of xenstored: of an absent node, the nearest directory that exists decides, so EACCES hides ENOENT. */
    private void require(String path, boolean write) {
        String nearest = path;
        while (!nodes.containsKey(nearest)) {
            nearest = nearest.substring(0, nearest.lastIndexOf('/'));
        }
        List<Permission> permissions = nodes.get(nearest).permissions();
        Permission mine = permissions.get(0);
        boolean allowed = domid == 0 || mine.domid() == domid;
        for (Permission permission : permissions.subList(1, permissions.size())) {
            mine = permission.domid() == domid ? permission : mine;
        }
        allowed |= mine.access() == Access.BOTH || mine.access() == (write ? Access.WRITE : Access.READ);
        if (!allowed) {
            throw new XenstoreException(path, "EACCES");
        }
    }

    @Override
    public <T> T transact(Function<XenstoreOps, T> work) {
        synchronized (nodes) {
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
        return Thread.holdsLock(nodes) ? work.apply(this) : transact(work);
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
    public String readOrNull(String path) {
        synchronized (nodes) {
            require(path, false);
            Node node = nodes.get(path);
            return node == null ? null : node.value();
        }
    }

    @Override
    public void write(String path, String value) {
        one(store -> {
            require(path, true);
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
    public List<String> directory(String path) {
        synchronized (nodes) {
            return nodes.tailMap(path + "/").keySet().stream().takeWhile(below -> below.startsWith(path + "/"))
                .map(below -> below.substring(path.length() + 1)).filter(name -> name.indexOf('/') < 0).toList();
        }
    }

    @Override
    public void remove(String path) {
        one(store -> {
            require(path, true);
            nodes.keySet().removeIf(node -> node.equals(path) || node.startsWith(path + "/"));
            return changed.add(path);
        });
    }

    @Override
    public List<Permission> permissions(String path) {
        synchronized (nodes) {
            return nodes.get(path).permissions();
        }
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
