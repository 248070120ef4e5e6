// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/**
 * One entry of {@code disk = [...]} in an xl configuration, as libxl has understood it.
 *
 * @param domid    of the guest
 * @param vdev     {@code xvda}, {@code xvdb}, ...
 * @param kind     which backend directory
 * @param target   {@code target=}, without any format prefix; empty for a drive without a medium
 * @param readOnly {@code mode=r}
 * @param script   absolute path of the hot-plug script, null for the kind's default; a qdisk has none
 * @param options  everything less usual
 */
public record DiskConfig(int domid, String vdev, Kind kind, String target, boolean readOnly, String script,
                         DiskOptions options) {

    /** The hot-plug script of a {@link #vbd}. */
    public static final String SCRIPT = "/etc/xen/scripts/block-blkbackd";

    private static final int XVD_MAJOR = 202;
    private static final int EXTENDED = 1 << 28;
    private static final String PREFIX = "xvd";

    /** The directory below {@code backend} and the word libxl has for it. */
    public enum Kind {
        /** {@code backendtype=phy}. */
        VBD("vbd", "phy", "/etc/xen/scripts/block"),
        /** {@code backendtype=qdisk}. */
        QDISK("qdisk", "qdisk", null),
        /** {@code backendtype=tap}, Xen 4.19 and later. */
        VBD3("vbd3", "vbd3", "/etc/xen/scripts/block-tap");

        private final String directory;
        private final String type;
        private final String script;

        Kind(String directory, String type, String script) {
            this.directory = directory;
            this.type = type;
            this.script = script;
        }

        /** Name of the directory. */
        public String directory() {
            return directory;
        }

        /** What libxl writes into {@code type}. */
        String type() {
            return type;
        }

        /** The script libxl takes when none is named; null for a kind without scripts. */
        String defaultScript() {
            return script;
        }

        /** libxl takes the backend for a process of the domain's own: it neither waits for it nor runs a script. */
        boolean isQemu() {
            return this == QDISK;
        }
    }

    /** The same with the usual options. */
    public DiskConfig(int domid, String vdev, Kind kind, String target, boolean readOnly, String script) {
        this(domid, vdev, kind, target, readOnly, script, DiskOptions.USUAL);
    }

    /** A writable disk of kind {@code vbd} with our script. */
    public static DiskConfig vbd(int domid, String vdev, String target) {
        return new DiskConfig(domid, vdev, Kind.VBD, target, false, SCRIPT);
    }

    /** A writable disk of kind {@code qdisk}. */
    public static DiskConfig qdisk(int domid, String vdev, String target) {
        return new DiskConfig(domid, vdev, Kind.QDISK, target, false, null);
    }

    /** A writable disk of kind {@code vbd3} with our script. */
    public static DiskConfig vbd3(int domid, String vdev, String target) {
        return new DiskConfig(domid, vdev, Kind.VBD3, target, false, SCRIPT);
    }

    /** The same with {@code mode=r}. */
    public DiskConfig asReadOnly() {
        return new DiskConfig(domid, vdev, kind, target, true, script, options);
    }

    /** The same with other options. */
    public DiskConfig with(DiskOptions newOptions) {
        return new DiskConfig(domid, vdev, kind, target, readOnly, script, newOptions);
    }

    /** The same disk of another guest, such as the one that a saved or migrated guest comes back as. */
    public DiskConfig in(int newDomid) {
        return new DiskConfig(newDomid, vdev, kind, target, readOnly, script, options);
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
        return "/local/domain/" + options.backendDomid() + "/backend/" + kind.directory() + "/" + domid + "/"
            + devid();
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
