// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.blkbackd.blkback.sim.DeviceNodes.ownedBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.blkbackd.blkback.sim.ToolstackJob.Wait;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.Permission.Access;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreOps;

/**
 * What libxl does to xenstore for a guest and its disks, and what it waits for (libxl_device.c, Xen 4.17; kind vbd3 as
 * of 4.19). Our hot-plug script is part of it. It keeps no state of its own: any thread may call, several at once for
 * different disks. Each operation is there twice: to be waited for, and as a {@link ToolstackJob} for who has many.
 */
public final class SimToolstack {

    /** How long our script waits for a daemon that is checking. */
    private static final long CHECK_MS = 30_000;

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
        createDomain(domid, false);
    }

    /** The same for a guest with {@code driver_domain=1}, which may serve others. */
    public void createDriverDomain(int domid) {
        createDomain(domid, true);
    }

    private void createDomain(int domid, boolean driverDomain) {
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
            if (driverDomain) {
                make(store, domainPath(domid) + "/backend", List.of(new Permission(Access.NONE, domid)));
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

    // --- attaching --------------------------------------------------------------------------------------------------

    /**
     * {@code xl block-attach}, and the disks of {@code xl create}: writes the nodes; but for a qdisk waits for backend
     * state 2, exactly, and runs the hot-plug script. After a failure the nodes stay, as libxl leaves them.
     *
     * @throws ToolstackException the backend was not at 2 in time, or the script failed: then with its
     *                            {@code hotplug-error}
     */
    public void attach(DiskConfig disk) {
        beginAttach(disk).await();
    }

    /** The nodes are written; the rest of {@link #attach} is the job. */
    public ToolstackJob beginAttach(DiskConfig disk) {
        xenstore.transact(store -> {
            new DeviceNodes(disk).write(store);
            return null;
        });
        return new ToolstackJob(xenstore, disk.kind().isQemu() ? null : forInitWait(disk));
    }

    private Wait forInitWait(DiskConfig disk) {
        return forState(disk, "2", timeouts.initMs(), state -> {
            if (!"2".equals(state)) {
                throw new ToolstackException("unable to add device with path " + disk.backendPath()
                    + ": its state is " + state + ", not 2");
            }
            // The script of a driver domain's disk is for the driver domain to run.
            return isForeign(disk) ? null : forScript(disk);
        });
    }

    /** What {@code block-blkbackd add} does. */
    private Wait forScript(DiskConfig disk) {
        String path = disk.backendPath() + "/blkbackd-status";
        return new Wait(path, timeouts.scriptMs(), now -> isWord(now) || "checking".equals(now), first -> {
            if ("checking".equals(first)) {
                return new Wait(path, CHECK_MS, SimToolstack::isWord, status -> endScript(disk, status));
            }
            return endScript(disk, first);
        });
    }

    private static boolean isWord(String status) {
        return "ready".equals(status) || "error".equals(status);
    }

    private Wait endScript(DiskConfig disk, String status) {
        if ("ready".equals(status)) {
            xenstore.write(disk.backendPath() + "/hotplug-status", "connected");
            return null;
        }
        if (!"error".equals(status)) {
            xenstore.write(disk.backendPath() + "/hotplug-error", "blkbackd does not answer for " + disk.backendPath()
                + ": is it running?");
        }
        xenstore.write(disk.backendPath() + "/hotplug-status", "error");
        throw new ToolstackException(disk.vdev() + ": script: "
            + xenstore.readOrNull(disk.backendPath() + "/hotplug-error"));
    }

    // --- removing ---------------------------------------------------------------------------------------------------

    /**
     * {@code xl block-detach}: asks backend and guest to close, and removes the nodes once the backend is at 6.
     *
     * @throws ToolstackException the backend did not get there in time; the nodes stay
     */
    public void detach(DiskConfig disk) {
        beginDetach(disk, ForcePolicy.OFF).await();
    }

    /**
     * {@code xl block-detach --force}: removes the frontend's directory first, and the rest whatever the backend does.
     *
     * @throws ToolstackException the backend was not at 6 in time; everything was removed all the same
     */
    public void detachForced(DiskConfig disk) {
        beginDetach(disk, ForcePolicy.ON).await();
    }

    /** Offline and state 5 are written; the rest is the job. */
    public ToolstackJob beginDetach(DiskConfig disk, ForcePolicy force) {
        return new ToolstackJob(xenstore, forClosed(disk, force));
    }

    /** {@code online} 0 and state 5, then a wait for 6. */
    private Wait forClosed(DiskConfig disk, ForcePolicy force) {
        if (!askToClose(disk, force == ForcePolicy.ON)) {
            return removed(disk);
        }
        return forState(disk, CLOSED, timeouts.destroyMs(), state -> {
            if (state == null || state.equals(CLOSED)) {
                return removed(disk);
            }
            return switch (force) {
                case OFF -> throw timedOut(disk);
                case AUTO -> forClosed(disk, ForcePolicy.ON);
                case ON -> {
                    ToolstackException failure = timedOut(disk);
                    removeNodes(disk);
                    throw failure;
                }
            };
        });
    }

    /** Whether there is a state to wait for. */
    private boolean askToClose(DiskConfig disk, boolean force) {
        String path = disk.backendPath() + "/state";
        return xenstore.transact(store -> {
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
    }

    /** Removes what is left; a driver domain is given time to remove its directory itself. */
    private Wait removed(DiskConfig disk) {
        if (!isForeign(disk)) {
            removeNodes(disk);
            return null;
        }
        return new Wait(disk.backendPath(), timeouts.destroyMs(), Objects::isNull, gone -> {
            removeNodes(disk);
            if (gone != null) {
                throw new ToolstackException("domain " + disk.options().backendDomid() + " did not remove "
                    + disk.backendPath());
            }
            return null;
        });
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

    private void removeNodes(DiskConfig disk) {
        xenstore.transact(store -> {
            new DeviceNodes(disk).remove(store);
            return null;
        });
    }

    // --- whole domains ----------------------------------------------------------------------------------------------

    /**
     * {@code xl destroy}: every disk is removed by force, all at once, then the domain's directories.
     *
     * @throws ToolstackException the first one, after everything was removed
     */
    public void destroyDomain(int domid) {
        ToolstackException failure = null;
        for (ToolstackJob job : beginDestroy(domid)) {
            try {
                job.await();
            } catch (ToolstackException e) {
                failure = failure == null ? e : failure;
            }
        }
        forgetDomain(domid);
        if (failure != null) {
            throw failure;
        }
    }

    /** The domain is paused and its disks are being removed by force: one job each; {@link #forgetDomain} follows. */
    public List<ToolstackJob> beginDestroy(int domid) {
        List<ToolstackJob> jobs = new ArrayList<>();
        String devices = "/libxl/" + domid + "/device/vbd";
        for (String devid : xenstore.directory(devices)) {
            DiskConfig disk = remembered(domid, devices + "/" + devid);
            if (disk.kind().isQemu()) {
                destroyQemuKind(disk);
            } else {
                jobs.add(beginDetach(disk, ForcePolicy.ON));
            }
        }
        return jobs;
    }

    /** The last of {@code xl destroy}: the domain's own directories. */
    public void forgetDomain(int domid) {
        xenstore.remove(domainPath(domid));
        xenstore.remove("/libxl/" + domid);
    }

    /** The disk as libxl's own copy has it; enough of it to remove the device. */
    private DiskConfig remembered(int domid, String path) {
        String[] backend = xenstore.read(path + "/backend").split("/");
        DiskConfig.Kind kind = DiskConfig.Kind.valueOf(backend[5].toUpperCase(Locale.ROOT));
        boolean readOnly = "r".equals(xenstore.read(path + "/mode"));
        String script = xenstore.readOrNull(path + "/script");
        return new DiskConfig(domid, xenstore.read(path + "/dev"), kind, xenstore.read(path + "/params"), readOnly,
            script, DiskOptions.USUAL.in(Integer.parseInt(backend[3])));
    }

    // ----------------------------------------------------------------------------------------------------------------

    private static Wait forState(DiskConfig disk, String wanted, long timeoutMs, Function<String, Wait> then) {
        return new Wait(disk.backendPath() + "/state", timeoutMs, now -> now == null || now.equals(wanted), then);
    }

    private ToolstackException timedOut(DiskConfig disk) {
        return new ToolstackException("unable to remove device with path " + disk.backendPath() + ": its state is "
            + xenstore.readOrNull(disk.backendPath() + "/state") + ", not 6");
    }

    private static boolean isForeign(DiskConfig disk) {
        return disk.options().backendDomid() != 0;
    }

    private static String domainPath(int domid) {
        return "/local/domain/" + domid;
    }
}
