// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.Map;
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

    /** Where the daemon tells the hot-plug script what it thinks of the device: {@code ready} or {@code error}. */
    private static final String STATUS = "blkbackd-status";
    private static final String SCRIPT = "block-blkbackd";
    private static final String RAW_PREFIX = "aio:";

    private final Xenstore xenstore;
    private final VbdAddress address;
    private final String path;
    private final String errorPath;

    /** @param self our own domain id */
    public BackendArea(Xenstore xenstore, VbdAddress address, int self) {
        this.xenstore = xenstore;
        this.address = address;
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

    /** Whether the device has a hot-plug script that waits for our word. */
    public boolean hasScript() {
        return !address.kind().equals("qdisk");
    }

    /** One look at all that decides the handshake. */
    public Seen look(FrontendArea frontend) {
        String state = xenstore.readOrNull(path + "/state");
        if (state == null && xenstore.directory(path).isEmpty()) {
            return Seen.NOTHING;
        }
        boolean online = "1".equals(xenstore.readOrNull(path + "/online"));
        boolean ready = !hasScript() || "connected".equals(xenstore.readOrNull(path + "/hotplug-status"));
        return new Seen(XenbusState.parse(state), frontend.state(), online, ready, true);
    }

    /** What the toolstack says of the device. Throws {@link XenbusFault} for what cannot be used. */
    public VbdConfig config() {
        String params = xenstore.readOrNull(path + "/params");
        if (params == null || params.isEmpty()) {
            throw XenbusFault.badValue(path + "/params", params, "a disk such as direct:/srv/a.img (target=)");
        }
        String mode = require("mode", "r", "w");
        String type = require("device-type", "disk", "cdrom");
        String removable = require("removable", "0", "1");
        require("online", "0", "1");
        requireOwnNumbers();
        boolean cdrom = type.equals("cdrom");
        return new VbdConfig(target(params), cdrom || mode.equals("r"), cdrom, removable.equals("1"));
    }

    /** Kind {@code vbd} has the bare target, the others a format before it (libxl_disk.c, device_disk_add). */
    private String target(String params) {
        if (address.kind().equals("vbd")) {
            return params;
        }
        if (!params.startsWith(RAW_PREFIX)) {
            throw XenbusFault.badValue(path + "/params", params, "a raw image (format=raw)");
        }
        return params.substring(RAW_PREFIX.length());
    }

    private String require(String node, String one, String other) {
        String value = xenstore.readOrNull(path + "/" + node);
        if (!one.equals(value) && !other.equals(value)) {
            throw XenbusFault.badValue(path + "/" + node, value, one + " or " + other);
        }
        return value;
    }

    private void requireOwnNumbers() {
        String frontendId = xenstore.readOrNull(path + "/frontend-id");
        if (Numbers.parse(frontendId, Numbers.MAX_DOMID) != address.domid()) {
            throw XenbusFault.badValue(path + "/frontend-id", frontendId, "" + address.domid());
        }
        String frontend = xenstore.readOrNull(path + "/frontend");
        if (!address.frontendPath().equals(frontend)) {
            throw XenbusFault.badValue(path + "/frontend", frontend, address.frontendPath());
        }
    }

    /** Writes all features and limits, then state 2. Limits are read by frontends as soon as they see 2. */
    public boolean offer(XenbusState expected) {
        return change(expected, store -> {
            BackendFeatures.nodes().forEach((node, value) -> store.write(path + "/" + node, value));
            store.write(path + "/state", XenbusState.INIT_WAIT.wire());
        });
    }

    /** Writes what the opened disk turned out to be, then state 4. */
    public boolean publish(XenbusState expected, long sectors, int physicalSectorSize, int info) {
        Map<String, String> nodes = new TreeMap<>();
        nodes.put("sectors", Long.toString(sectors));
        nodes.put("sector-size", "512");
        nodes.put("physical-sector-size", Integer.toString(physicalSectorSize));
        nodes.put("info", Integer.toString(info));
        return change(expected, store -> {
            nodes.forEach((node, value) -> store.write(path + "/" + node, value));
            store.write(path + "/state", XenbusState.CONNECTED.wire());
            store.remove(errorPath);
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
