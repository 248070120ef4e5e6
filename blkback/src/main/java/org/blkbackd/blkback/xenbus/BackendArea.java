// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.blkbackd.blkback.xenbus.Handshake.Seen;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreOps;

/**
 * Our directory of one device in xenstore.
 *
 * <p>The toolstack writes {@code state} too, and removes the directory when it likes. So every write of ours happens in
 * a transaction that first checks that {@code state} still is what the decision was based on; otherwise nothing is
 * written, and the watch brings another look. A removed directory is never made again by accident.
 */
public final class BackendArea {

    /**
     * Where the daemon tells the hot-plug script what it thinks of the device: {@code checking}, then {@code ready} or
     * {@code error}.
     */
    private static final String STATUS = "blkbackd-status";
    /** The name of the connection that state 4 stands for, as in the rings' journals. */
    private static final String CONNECTION = "blkbackd-connection";
    /** Limits that an administrator set while the device was there. */
    private static final String LIMITS = "blkbackd-limits";
    private static final String HOTPLUG_STATUS = "hotplug-status";
    private static final String CONNECTED = "connected";
    private static final String SCRIPT = "block-blkbackd";
    private static final Set<String> DECISIVE =
        Set.of("", "/state", "/online", "/hotplug-status", "/script", "/frontend-id");

    private final Xenstore xenstore;
    private final VbdAddress address;
    private final RingLimits limits;
    private final boolean driverDomain;
    private final String path;
    private final String errorPath;

    /** @param self our own domain id; other than 0, nobody runs our script or removes our directory but we */
    public BackendArea(Xenstore xenstore, VbdAddress address, int self, RingLimits limits) {
        this.xenstore = xenstore;
        this.address = address;
        this.limits = limits;
        driverDomain = self != 0;
        path = address.backendPath(self);
        errorPath = address.errorPath(self);
    }

    /**
     * Whether the device is for us. Kind {@code vbd} belongs to xen-blkback, and {@code vbd3} to tapback, unless our
     * hot-plug script is named; a {@code qdisk} has no script.
     */
    public boolean isOurs() {
        if (!hasScript()) {
            return xenstore.readOrNull(path + "/frontend-id") != null;
        }
        String script = xenstore.readOrNull(path + "/script");
        return script != null && script.substring(script.lastIndexOf('/') + 1).equals(SCRIPT);
    }

    /** Whether a hot-plug script waits for our word now. */
    public boolean scriptWaits() {
        return hasScript() && !scriptHasRun();
    }

    private boolean hasScript() {
        return !address.kind().equals("qdisk");
    }

    private boolean scriptHasRun() {
        return CONNECTED.equals(xenstore.readOrNull(node(HOTPLUG_STATUS)));
    }

    /**
     * Whether a change of a node may change what {@link #isOurs} or {@link #look} say. Most changes are our own writes
     * of features and sizes.
     *
     * @param below the node's path below the device's directory, with its slash; empty for the directory itself
     */
    public static boolean decides(String below) {
        return DECISIVE.contains(below);
    }

    /** One look at all that decides the handshake. */
    public Seen look(FrontendArea frontend) {
        Map<String, String> nodes = xenstore.readAll(List.of(node("state"), node("online"), node(HOTPLUG_STATUS)));
        String state = nodes.get(node("state"));
        if (state == null && xenstore.directory(path).isEmpty()) {
            return Seen.NOTHING;
        }
        boolean online = "1".equals(nodes.get(node("online")));
        boolean ready = !hasScript() || driverDomain || CONNECTED.equals(nodes.get(node(HOTPLUG_STATUS)));
        return new Seen(XenbusState.parse(state), frontend.state(), online, ready, true);
    }

    private String node(String name) {
        return path + "/" + name;
    }

    /** What the toolstack says of the device. Throws {@link XenbusFault} for what cannot be used. */
    public VbdConfig config() {
        return new ToolstackNodes(xenstore, address, path).config();
    }

    /** Writes all features and limits, then state 2. Limits are read by frontends as soon as they see 2. */
    public boolean offer(XenbusState expected) {
        return change(expected, store -> {
            Map<String, String> nodes = BackendFeatures.nodes(limits);
            if (hasScript() && !CONNECTED.equals(store.readOrNull(node(HOTPLUG_STATUS)))) {
                nodes.put(STATUS, "checking");
            }
            nodes.put("state", XenbusState.INIT_WAIT.wire());
            writeAll(store, nodes);
        });
    }

    /** Writes what the opened disk turned out to be, then state 4. */
    public boolean publish(XenbusState expected, DiskProperties disk, String connection) {
        return change(expected, store -> {
            Map<String, String> nodes = disk.nodes();
            nodes.put(CONNECTION, connection);
            nodes.put("state", XenbusState.CONNECTED.wire());
            writeAll(store, nodes);
            store.remove(errorPath);
        });
    }

    /** The name that {@link #publish} wrote, or null. */
    public String connection() {
        return xenstore.readOrNull(node(CONNECTION));
    }

    /** Names a connection that has no name. */
    public void nameConnection(XenbusState expected, String connection) {
        change(expected, store -> store.write(node(CONNECTION), connection));
    }

    /** What {@link #keepRateLimits} wrote, or null. */
    public String rateLimits() {
        return xenstore.readOrNull(node(LIMITS));
    }

    /** Keeps limits for as long as the device is there; null takes them back. */
    public void keepRateLimits(String words) {
        xenstore.transact(store -> {
            if (store.readOrNull(node("state")) == null) {
                return false;
            }
            if (words == null) {
                store.remove(node(LIMITS));
            } else {
                store.write(node(LIMITS), words);
            }
            return true;
        });
    }

    /** In a transaction, so that it does not matter in which order. */
    private void writeAll(XenstoreOps store, Map<String, String> nodes) {
        Map<String, String> paths = new TreeMap<>();
        nodes.forEach((name, value) -> paths.put(node(name), value));
        store.writeAll(paths);
    }

    /** Tells a connected frontend of a new size: it reads {@code sectors} again whenever state 4 is written again. */
    public boolean publishSize(long sectors) {
        return change(XenbusState.CONNECTED, store -> {
            store.write(path + "/sectors", Long.toString(sectors));
            store.write(path + "/state", XenbusState.CONNECTED.wire());
        });
    }

    /**
     * Whether the device is over and its directory ours to remove: in a driver domain nobody else does, and libxl waits
     * ten seconds for it (libxl_device.c, device_destroy_be_watch_cb).
     */
    public boolean isLeftover() {
        return driverDomain && "0".equals(xenstore.readOrNull(path + "/online"))
            && XenbusState.parse(xenstore.readOrNull(path + "/state")) == XenbusState.CLOSED;
    }

    /** Removes the directory of a device that is over, unless it was made anew meanwhile. */
    public void removeLeftover() {
        change(XenbusState.CLOSED, store -> {
            if ("0".equals(store.readOrNull(path + "/online"))) {
                store.remove(path);
            }
        });
    }

    /** Writes a state and nothing else. */
    public boolean switchState(XenbusState expected, XenbusState next) {
        return change(expected, store -> store.write(path + "/state", next.wire()));
    }

    /** Tells the hot-plug script that the device can be served, as far as one can know without opening the image. */
    public void reportReady(XenbusState expected) {
        change(expected, store -> {
            store.write(path + "/" + STATUS, "ready");
            store.remove(errorPath);
        });
    }

    /** Tells the hot-plug script, and through it xl, why the device cannot be served. */
    public void reportHotplugError(XenbusState expected, String message) {
        change(expected, store -> {
            store.write(path + "/hotplug-error", message);
            store.write(path + "/" + STATUS, "error");
        });
    }

    /** Writes the conventional error node. */
    public void reportError(int errno, String message) {
        xenstore.write(errorPath + "/error", errno + " " + message);
    }

    /** Removes the error node of a device that is gone. */
    public void forgetError() {
        xenstore.remove(errorPath);
    }

    private boolean change(XenbusState expected, Consumer<XenstoreOps> writes) {
        return xenstore.transact(store -> {
            String state = store.readOrNull(path + "/state");
            boolean asExpected = state != null && XenbusState.parse(state) == expected;
            if (asExpected) {
                writes.accept(store);
            }
            return asExpected;
        });
    }
}
