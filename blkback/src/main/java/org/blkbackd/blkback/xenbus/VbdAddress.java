// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

/**
 * Which device of which guest: {@code backend/<kind>/<domid>/<devid>}.
 *
 * @param kind  of the backend directory: {@code vbd}, {@code qdisk}, {@code vbd3}
 * @param domid of the frontend
 * @param devid the virtual device number, 51712 for xvda
 */
public record VbdAddress(String kind, int domid, int devid) {

    /**
     * The address below {@code root} that {@code path} lies at or under, or null when the path is not that deep or not
     * made of numbers.
     *
     * @param root {@code /local/domain/<self>/backend/<kind>}
     */
    public static VbdAddress parse(String root, String kind, String path) {
        if (!path.startsWith(root + "/")) {
            return null;
        }
        String[] parts = path.substring(root.length() + 1).split("/", 3);
        if (parts.length < 2) {
            return null;
        }
        int domid = Numbers.parse(parts[0], Numbers.MAX_DOMID);
        int devid = Numbers.parse(parts[1], Integer.MAX_VALUE);
        return domid < 0 || devid < 0 ? null : new VbdAddress(kind, domid, devid);
    }

    /** The address that {@link #toString} writes, or null for anything else. */
    public static VbdAddress parse(String name) {
        String[] parts = name.split("-", -1);
        int domid = parts.length == 3 ? Numbers.parse(parts[1], Numbers.MAX_DOMID) : -1;
        int devid = parts.length == 3 ? Numbers.parse(parts[2], Integer.MAX_VALUE) : -1;
        return domid < 0 || devid < 0 ? null : new VbdAddress(parts[0], domid, devid);
    }

    /** Our directory in xenstore, for a backend domain {@code self}. */
    public String backendPath(int self) {
        return "/local/domain/" + self + "/backend/" + kind + "/" + domid + "/" + devid;
    }

    /**
     * The frontend's directory. Computed, not read: a guest may rewrite what it owns (XSA-175), and libxl puts it
     * nowhere else.
     */
    public String frontendPath() {
        return "/local/domain/" + domid + "/device/vbd/" + devid;
    }

    /** The conventional error node of a backend domain {@code self} (xenbus_client.c, xenbus_va_dev_error). */
    public String errorPath(int self) {
        return "/local/domain/" + self + "/error/backend/" + kind + "/" + domid + "/" + devid;
    }

    /** As the kernel names it: {@code vbd-1-51712}. */
    @Override
    public String toString() {
        return kind + "-" + domid + "-" + devid;
    }
}
