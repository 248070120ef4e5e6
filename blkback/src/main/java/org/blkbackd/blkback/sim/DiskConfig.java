// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/**
 * One entry of {@code disk = [...]} in an xl configuration, as libxl has understood it.
 *
 * @param domid    of the guest
 * @param vdev     {@code xvda}, {@code xvdb}, ...
 * @param kind     which backend directory
 * @param target   {@code target=}, without any format prefix
 * @param readOnly {@code mode=r}
 * @param script   absolute path of the hot-plug script, null for the kind's default; a qdisk has none
 */
public record DiskConfig(int domid, String vdev, Kind kind, String target, boolean readOnly, String script) {

    /** The hot-plug script of a {@link #vbd}. */
    public static final String SCRIPT = "/etc/xen/scripts/block-blkbackd";

    private static final int XVD_MAJOR = 202;
    private static final int EXTENDED = 1 << 28;
    private static final String PREFIX = "xvd";

    /** The directory below {@code backend} and the word libxl has for it. */
    public enum Kind {
        /** {@code backendtype=phy}. */
        VBD("vbd", "phy"),
        /** {@code backendtype=qdisk}. */
        QDISK("qdisk", "qdisk");

        private final String directory;
        private final String type;

        Kind(String directory, String type) {
            this.directory = directory;
            this.type = type;
        }

        /** Name of the directory. */
        public String directory() {
            return directory;
        }

        /** What libxl writes into {@code type}. */
        String type() {
            return type;
        }
    }

    /** A writable disk of kind {@code vbd} with our script. */
    public static DiskConfig vbd(int domid, String vdev, String target) {
        return new DiskConfig(domid, vdev, Kind.VBD, target, false, SCRIPT);
    }

    /** A writable disk of kind {@code qdisk}. */
    public static DiskConfig qdisk(int domid, String vdev, String target) {
        return new DiskConfig(domid, vdev, Kind.QDISK, target, false, null);
    }

    /** The same with {@code mode=r}. */
    public DiskConfig asReadOnly() {
        return new DiskConfig(domid, vdev, kind, target, true, script);
    }

    /**
     * The virtual device number (vbd-interface.7): 51712 for xvda, 51728 for xvdb; disks beyond xvdp have the extended
     * form.
     */
    public int devid() {
        int disk = diskNumber();
        return disk < 16 ? XVD_MAJOR << 8 | disk << 4 : EXTENDED | disk << 8;
    }

    private int diskNumber() {
        String letters = vdev.startsWith(PREFIX) ? vdev.substring(PREFIX.length()) : "";
        if (!letters.matches("[a-z]{1,3}")) {
            throw new IllegalArgumentException("not a whole xvd disk: " + vdev);
        }
        int number = -1;
        for (char letter : letters.toCharArray()) {
            number = (number + 1) * 26 + (letter - 'a');
        }
        return number;
    }

    /** The backend's directory. */
    public String backendPath() {
        return "/local/domain/0/backend/" + kind.directory() + "/" + domid + "/" + devid();
    }

    /** The frontend's directory; {@code vbd} whatever the backend's kind. */
    public String frontendPath() {
        return "/local/domain/" + domid + "/device/vbd/" + devid();
    }

    /** libxl's own copy. */
    public String libxlPath() {
        return "/libxl/" + domid + "/device/vbd/" + devid();
    }
}
