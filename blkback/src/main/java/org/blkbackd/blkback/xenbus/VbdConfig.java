// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import org.blkbackd.blkback.blkif.Blkif;

/**
 * What the toolstack says of a device.
 *
 * @param target    the disk and how to serve it
 * @param readOnly  {@code mode=r}, or a cdrom
 * @param cdrom     {@code device-type=cdrom}
 * @param removable {@code removable=1}
 * @param discard   {@code discard-enable}: the guest may discard
 */
public record VbdConfig(DiskTarget target, boolean readOnly, boolean cdrom, boolean removable, boolean discard) {

    /** A drive without a medium. */
    public boolean isEmpty() {
        return target.disk().isEmpty();
    }

    /** The {@code info} node: VDISK_* bits. */
    public int info() {
        return (cdrom ? Blkif.VDISK_CDROM : 0) | (removable ? Blkif.VDISK_REMOVABLE : 0)
            | (readOnly ? Blkif.VDISK_READONLY : 0);
    }
}
