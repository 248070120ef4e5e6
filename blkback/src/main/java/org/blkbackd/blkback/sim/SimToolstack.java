// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.blkbackd.blkback.sim.DeviceNodes.ownedBy;

import java.util.List;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.Permission.Access;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreOps;

/**
 * What libxl does to xenstore for a guest and its disks, and what it waits for (libxl_device.c, Xen 4.17). Our hot-plug
 * script is part of it. It keeps no state of its own: any thread may call, several at once for different disks.
 */
public final class SimToolstack {

    private static final String CLOSING = "5";
    private static final String CLOSED = "6";

    private final Xenstore xenstore;
    private final ToolstackTimeouts timeouts;

    /** @param dom0 a connection as domain 0, which stays the caller's */
    public SimToolstack(Xenstore dom0) {
        this(dom0, ToolstackTimeouts.LIBXL);
    }

    /** The same with a patience of its own. */
    public SimToolstack(Xenstore dom0, ToolstackTimeouts timeouts) {
        this.xenstore = dom0;
        this.timeouts = timeouts;
    }

    /**
     * Makes the directories of a guest (libxl__domain_make). The domain itself is the caller's, and must be known to
     * xenstored before: what a node allows a domain that does not exist counts for nothing, also later.
     */
    public void createDomain(int domid) {
        xenstore.transact(store -> {
            store.remove(domainPath(domid));
            make(store, domainPath(domid), ownedBy(0, domid));
            store.write(domainPath(domid) + "/name", "guest-" + domid);
            store.write(domainPath(domid) + "/domid", Integer.toString(domid));
            store.mkdir(domainPath(domid) + "/device");
            store.write(domainPath(domid) + "/control/shutdown", "");
            store.setPermissions(domainPath(domid) + "/control/shutdown", List.of(new Permission(Access.NONE, domid)));
            for (String own : List.of("data", "drivers", "feature", "attr", "error")) {
                make(store, domainPath(domid) + "/" + own, List.of(new Permission(Access.NONE, domid)));
            }
            store.remove("/libxl/" + domid);
            make(store, "/libxl/" + domid, List.of(new Permission(Access.NONE, 0)));
            return null;
        });
    }

    private static void make(XenstoreOps store, String path, List<Permission> permissions) {
        store.mkdir(path);
        store.setPermissions(path, permissions);
    }

    /**
     * {@code xl destroy}: every disk is removed by force, then the domain's directories.
     *
     * @throws ToolstackException the first one, after everything was removed
     */
    public void destroyDomain(int domid) {
        ToolstackException failure = null;
        String devices = "/libxl/" + domid + "/device/vbd";
        for (String devid : xenstore.directory(devices)) {
            DiskConfig disk = remembered(domid, devices + "/" + devid);
            try {
                detachForced(disk);
            } catch (ToolstackException e) {
                failure = failure == null ? e : failure;
            }
        }
        xenstore.remove(domainPath(domid));
        xenstore.remove("/libxl/" + domid);
        if (failure != null) {
            throw failure;
        }
    }

    /** The disk as libxl's own copy has it; enough of it to remove the device. */
    private DiskConfig remembered(int domid, String path) {
        boolean qdisk = xenstore.read(path + "/backend").contains("/backend/qdisk/");
        DiskConfig.Kind kind = qdisk ? DiskConfig.Kind.QDISK : DiskConfig.Kind.VBD;
        boolean readOnly = "r".equals(xenstore.read(path + "/mode"));
        String script = xenstore.readOrNull(path + "/script");
        return new DiskConfig(domid, xenstore.read(path + "/dev"), kind, xenstore.read(path + "/params"), readOnly,
            script);
    }

    /**
     * {@code xl block-attach}, and the disks of {@code xl create}: writes the nodes; for kind vbd waits for backend
     * state 2, exactly, and runs the hot-plug script. After a failure the nodes stay, as libxl leaves them.
     *
     * @throws ToolstackException the backend was not at 2 in time, or the script failed: then with its
     *                            {@code hotplug-error}
     */
    public void attach(DiskConfig disk) {
        xenstore.transact(store -> {
            new DeviceNodes(disk).write(store);
            return null;
        });
        if (disk.kind() == DiskConfig.Kind.VBD) {
            awaitInitWait(disk);
            runScript(disk);
        }
    }

    private void awaitInitWait(DiskConfig disk) {
        String path = disk.backendPath() + "/state";
        String state = NodeWait.await(xenstore, path, timeouts.initMs(), now -> now == null || now.equals("2"));
        if (!"2".equals(state)) {
            throw new ToolstackException("unable to add device with path " + disk.backendPath() + ": its state is "
                + state + ", not 2");
        }
    }

    /** What {@code block-blkbackd add} does. */
    private void runScript(DiskConfig disk) {
        String path = disk.backendPath() + "/blkbackd-status";
        String status = NodeWait.await(xenstore, path, timeouts.scriptMs(),
            now -> "ready".equals(now) || "error".equals(now));
        if ("ready".equals(status)) {
            xenstore.write(disk.backendPath() + "/hotplug-status", "connected");
            return;
        }
        if (status == null) {
            xenstore.write(disk.backendPath() + "/hotplug-error", "blkbackd does not answer for " + disk.backendPath()
                + ": is it running?");
        }
        xenstore.write(disk.backendPath() + "/hotplug-status", "error");
        throw new ToolstackException(disk.vdev() + ": script: "
            + xenstore.readOrNull(disk.backendPath() + "/hotplug-error"));
    }

    /**
     * {@code xl block-detach}: asks backend and guest to close, and removes the nodes once the backend is at 6.
     *
     * @throws ToolstackException the backend did not get there in time; the nodes stay
     */
    public void detach(DiskConfig disk) {
        if (!close(disk, false)) {
            throw timedOut(disk);
        }
        removeNodes(disk);
    }

    /**
     * {@code xl block-detach --force}: removes the frontend's directory first, and the rest whatever the backend does.
     *
     * @throws ToolstackException the backend was not at 6 in time; everything was removed all the same
     */
    public void detachForced(DiskConfig disk) {
        boolean closed = close(disk, true);
        removeNodes(disk);
        if (!closed) {
            throw timedOut(disk);
        }
    }

    /**
     * What libxl does to a qdisk of a domain that is paused, shut down or dying, whose device model it takes for dead:
     * it writes state 6 itself, and removes everything. libxl sleeps 2 s before; we do not.
     */
    public void destroyQemuKind(DiskConfig disk) {
        String path = disk.backendPath() + "/state";
        xenstore.transact(store -> {
            String state = store.readOrNull(path);
            if (state != null && !state.equals(CLOSED)) {
                store.write(path, CLOSED);
            }
            return null;
        });
        removeNodes(disk);
    }

    /** Whether the backend is closed, or was gone already. */
    private boolean close(DiskConfig disk, boolean force) {
        String path = disk.backendPath() + "/state";
        boolean present = xenstore.transact(store -> {
            if (force) {
                new DeviceNodes(disk).removeFrontend(store);
            }
            String state = store.readOrNull(path);
            if (state == null) {
                return false;
            }
            store.write(disk.backendPath() + "/online", "0");
            if (!state.equals(CLOSED)) {
                store.write(path, CLOSING);
            }
            return true;
        });
        if (!present) {
            return true;
        }
        String state = NodeWait.await(xenstore, path, timeouts.destroyMs(), now -> now == null || now.equals(CLOSED));
        return state == null || state.equals(CLOSED);
    }

    private void removeNodes(DiskConfig disk) {
        xenstore.transact(store -> {
            new DeviceNodes(disk).remove(store);
            return null;
        });
    }

    private ToolstackException timedOut(DiskConfig disk) {
        return new ToolstackException("unable to remove device with path " + disk.backendPath() + ": its state is "
            + xenstore.readOrNull(disk.backendPath() + "/state") + ", not 6");
    }

    private static String domainPath(int domid) {
        return "/local/domain/" + domid;
    }
}
