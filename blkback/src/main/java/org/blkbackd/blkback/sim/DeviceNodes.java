// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.Permission.Access;
import org.blkbackd.xenstore.XenstoreOps;

/** The nodes libxl writes for a disk (libxl_disk.c, device_disk_add; libxl_device.c, libxl__device_generic_add). */
final class DeviceNodes {

    private final DiskConfig disk;

    DeviceNodes(DiskConfig disk) {
        this.disk = disk;
    }

    /** Writes all three directories; {@code store} is a transaction. */
    void write(XenstoreOps store) {
        Map<String, String> backend = backend();
        store.remove(disk.libxlPath());
        store.write(disk.libxlPath() + "/frontend", disk.frontendPath());
        store.write(disk.libxlPath() + "/backend", disk.backendPath());

        List<Permission> frontendPermissions = ownedBy(disk.domid(), disk.options().backendDomid());
        make(store, disk.frontendPath(), frontendPermissions);
        store.write(disk.frontendPath() + "/backend", disk.backendPath());
        frontend().forEach((node, value) -> {
            store.write(disk.frontendPath() + "/" + node, value);
            store.setPermissions(disk.frontendPath() + "/" + node, frontendPermissions);
        });

        // What is made below inherits them.
        make(store, disk.backendPath(), ownedBy(disk.options().backendDomid(), disk.domid()));
        store.write(disk.backendPath() + "/frontend", disk.frontendPath());
        backend.forEach((node, value) -> store.write(disk.backendPath() + "/" + node, value));
        backend.forEach((node, value) -> store.write(disk.libxlPath() + "/" + node, value));
    }

    private static void make(XenstoreOps store, String path, List<Permission> permissions) {
        store.remove(path);
        store.mkdir(path);
        store.setPermissions(path, permissions);
    }

    static List<Permission> ownedBy(int owner, int reader) {
        return List.of(new Permission(Access.NONE, owner), new Permission(Access.READ, reader));
    }

    private Map<String, String> backend() {
        DiskOptions options = disk.options();
        Map<String, String> nodes = new LinkedHashMap<>();
        nodes.put("params", params());
        if (disk.kind().defaultScript() != null) {
            nodes.put("script", disk.script() == null ? disk.kind().defaultScript() : disk.script());
        }
        nodes.put("frontend-id", Integer.toString(disk.domid()));
        nodes.put("online", "1");
        nodes.put("removable", bit(options.removable()));
        nodes.put("bootable", "1");
        nodes.put("state", "1");
        nodes.put("dev", disk.vdev());
        nodes.put("type", disk.kind().type());
        nodes.put("mode", disk.readOnly() ? "r" : "w");
        nodes.put("device-type", options.cdrom() ? "cdrom" : "disk");
        if (options.directIoSafe()) {
            nodes.put("direct-io-safe", "1");
        }
        nodes.put("discard-enable", bit(options.discard() == null ? !disk.readOnly() : options.discard()));
        nodes.put("specification", "xen");
        return nodes;
    }

    /** Kind phy has the bare target, the others a format before it. */
    private String params() {
        return disk.kind() == DiskConfig.Kind.VBD ? disk.target() : "aio:" + disk.target();
    }

    private static String bit(boolean value) {
        return value ? "1" : "0";
    }

    private Map<String, String> frontend() {
        Map<String, String> nodes = new LinkedHashMap<>();
        nodes.put("backend-id", Integer.toString(disk.options().backendDomid()));
        nodes.put("state", "1");
        nodes.put("virtual-device", Integer.toString(disk.devid()));
        nodes.put("device-type", disk.options().cdrom() ? "cdrom" : "disk");
        nodes.put("trusted", "1");
        nodes.put("protocol", "x86_64-abi");
        return nodes;
    }

    /**
     * Removes the directories, and parents left empty (libxl__device_destroy, libxl__xs_path_cleanup). The backend's is
     * left to a driver domain.
     */
    void remove(XenstoreOps store) {
        removeFrontend(store);
        if (disk.options().backendDomid() == 0) {
            clean(store, disk.backendPath());
        }
        clean(store, disk.libxlPath());
    }

    void removeFrontend(XenstoreOps store) {
        clean(store, disk.frontendPath());
    }

    private static void clean(XenstoreOps store, String path) {
        store.remove(path);
        String parent = path.substring(0, path.lastIndexOf('/'));
        // A domain's own directory is not a device's to remove.
        while (!parent.matches("/local/domain/\\d+|/libxl/\\d+") && store.directory(parent).isEmpty()) {
            store.remove(parent);
            parent = parent.substring(0, parent.lastIndexOf('/'));
        }
    }
}
