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

        List<Permission> frontendPermissions = ownedBy(disk.domid(), 0);
        make(store, disk.frontendPath(), frontendPermissions);
        store.write(disk.frontendPath() + "/backend", disk.backendPath());
        frontend().forEach((node, value) -> {
            store.write(disk.frontendPath() + "/" + node, value);
            store.setPermissions(disk.frontendPath() + "/" + node, frontendPermissions);
        });

        make(store, disk.backendPath(), ownedBy(0, disk.domid()));
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
        Map<String, String> nodes = new LinkedHashMap<>();
        boolean qdisk = disk.kind() == DiskConfig.Kind.QDISK;
        nodes.put("params", qdisk ? "aio:" + disk.target() : disk.target());
        if (!qdisk) {
            nodes.put("script", disk.script() == null ? "/etc/xen/scripts/block" : disk.script());
        }
        nodes.put("frontend-id", Integer.toString(disk.domid()));
        nodes.put("online", "1");
        nodes.put("removable", "0");
        nodes.put("bootable", "1");
        nodes.put("state", "1");
        nodes.put("dev", disk.vdev());
        nodes.put("type", disk.kind().type());
        nodes.put("mode", disk.readOnly() ? "r" : "w");
        nodes.put("device-type", "disk");
        nodes.put("discard-enable", disk.readOnly() ? "0" : "1");
        nodes.put("specification", "xen");
        return nodes;
    }

    private Map<String, String> frontend() {
        Map<String, String> nodes = new LinkedHashMap<>();
        nodes.put("backend-id", "0");
        nodes.put("state", "1");
        nodes.put("virtual-device", Integer.toString(disk.devid()));
        nodes.put("device-type", "disk");
        nodes.put("trusted", "1");
        nodes.put("protocol", "x86_64-abi");
        return nodes;
    }

    /** Removes all three directories, and parents left empty (libxl__device_destroy, libxl__xs_path_cleanup). */
    void remove(XenstoreOps store) {
        removeFrontend(store);
        clean(store, disk.backendPath());
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
