// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import org.blkbackd.blkback.blkif.Blkif;

/**
 * What the toolstack says of a device.
 *
 * @param target   the disk's address without the format prefix of kind qdisk
 * @param readOnly {@code mode=r}, or a cdrom
 * @param cdrom    {@code device-type=cdrom}
 * @param removable {@code removable=1}
 */
public record VbdConfig(String target, boolean readOnly, boolean cdrom, boolean removable) {

    /** The {@code info} node: VDISK_* bits. */
    public int info() {
        return (cdrom ? Blkif.VDISK_CDROM : 0) | (removable ? Blkif.VDISK_REMOVABLE : 0)
            | (readOnly ? Blkif.VDISK_READONLY : 0);
    }
}
