// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

/** Names of virtual devices by their number (docs/man/xen-vbd-interface.7 of Xen). */
public final class VdevName {

    private static final int EXTENDED = 1 << 28;
    private static final int XVD_MAJOR = 202;
    private static final int SD_MAJOR = 8;
    private static final int[] HD_MAJORS = {3, 22};

    private VdevName() {
    }

    /** {@code xvda} for 51712, {@code xvda1} for 51713, {@code hdc} for 5632; the number itself for any other. */
    public static String of(int devid) {
        if ((devid & EXTENDED) != 0) {
            return name("xvd", devid >> 8 & 0xfffff, devid & 0xff);
        }
        int major = devid >> 8;
        if (major == XVD_MAJOR) {
            return name("xvd", devid >> 4 & 0xf, devid & 0xf);
        }
        if (major == SD_MAJOR) {
            return name("sd", devid >> 4 & 0xf, devid & 0xf);
        }
        for (int i = 0; i < HD_MAJORS.length; i++) {
            if (major == HD_MAJORS[i] && (devid & 0x80) == 0) {
                return name("hd", 2 * i + (devid >> 6 & 1), devid & 0x3f);
            }
        }
        return Integer.toString(devid);
    }

    private static String name(String prefix, int disk, int partition) {
        StringBuilder letters = new StringBuilder();
        for (int left = disk; left >= 0; left = left / 26 - 1) {
            letters.insert(0, (char) ('a' + left % 26));
        }
        return prefix + letters + (partition == 0 ? "" : partition);
    }
}
