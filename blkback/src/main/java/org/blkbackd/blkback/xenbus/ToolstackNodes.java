// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.List;
import java.util.Map;
import org.blkbackd.xenstore.Xenstore;

/** The nodes of our directory that the toolstack wrote, judged. */
final class ToolstackNodes {

    /** Before the target of kinds that have a format: libxl's word for raw. */
    private static final String RAW_PREFIX = "aio:";

    private static final List<String> NODES = List.of("params", "mode", "device-type", "removable", "online",
        "discard-enable", "frontend-id", "frontend");

    private final VbdAddress address;
    private final String path;
    private final Map<String, String> values;

    /**
     * Reads them all at once.
     *
     * @param path our directory
     */
    ToolstackNodes(Xenstore xenstore, VbdAddress address, String path) {
        this.address = address;
        this.path = path;
        values = xenstore.readAll(NODES.stream().map(node -> path + "/" + node).toList());
    }

    /** What the toolstack says of the device. Throws {@link XenbusFault} for what cannot be used. */
    VbdConfig config() {
        String mode = require("mode", "r", "w");
        String type = require("device-type", "disk", "cdrom");
        String removable = require("removable", "0", "1");
        require("online", "0", "1");
        // xen-blkback's default where an old toolstack wrote nothing.
        boolean discard = read("discard-enable") == null || require("discard-enable", "0", "1").equals("1");
        requireOwnNumbers();
        boolean cdrom = type.equals("cdrom");
        return new VbdConfig(target(cdrom), cdrom || mode.equals("r"), cdrom, removable.equals("1"), discard);
    }

    private DiskTarget target(boolean cdrom) {
        String params = read("params");
        boolean prefixed = !address.kind().equals("vbd");
        if (cdrom && isEmptyDrive(params, prefixed)) {
            return DiskTarget.EMPTY;
        }
        if (params == null || params.isEmpty()) {
            throw XenbusFault.badValue(path + "/params", params, "a disk such as direct:/srv/a.img (target=)");
        }
        if (prefixed && !params.startsWith(RAW_PREFIX)) {
            throw XenbusFault.badValue(path + "/params", params, "a raw image (format=raw)");
        }
        return DiskTarget.parse(path + "/params", prefixed ? params.substring(RAW_PREFIX.length()) : params);
    }

    /** Nothing, or a format and nothing after it. */
    private static boolean isEmptyDrive(String params, boolean prefixed) {
        return params != null && (params.isEmpty() || prefixed && params.indexOf(':') == params.length() - 1);
    }

    private String read(String node) {
        return values.get(path + "/" + node);
    }

    private String require(String node, String one, String other) {
        String value = read(node);
        if (!one.equals(value) && !other.equals(value)) {
            throw XenbusFault.badValue(path + "/" + node, value, one + " or " + other);
        }
        return value;
    }

    private void requireOwnNumbers() {
        String frontendId = read("frontend-id");
        if (Numbers.parse(frontendId, Numbers.MAX_DOMID) != address.domid()) {
            throw XenbusFault.badValue(path + "/frontend-id", frontendId, "" + address.domid());
        }
        String frontend = read("frontend");
        if (!address.frontendPath().equals(frontend)) {
            throw XenbusFault.badValue(path + "/frontend", frontend, address.frontendPath());
        }
    }
}
