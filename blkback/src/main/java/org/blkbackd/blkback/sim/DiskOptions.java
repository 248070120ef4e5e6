// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/**
 * Settings of a disk that few configurations have.
 *
 * @param backendDomid {@code backend=}: 0, or a driver domain
 * @param cdrom        {@code devtype=cdrom}
 * @param removable    {@code removable}
 * @param discard      {@code discard} or {@code no-discard}; null writes what libxl takes by default: 1 for a writable
 *                     disk
 * @param directIoSafe {@code direct-io-safe}
 */
public record DiskOptions(int backendDomid, boolean cdrom, boolean removable, Boolean discard, boolean directIoSafe) {

    /** A disk of domain 0 with nothing said about it. */
    public static final DiskOptions USUAL = new DiskOptions(0, false, false, null, false);

    /** The same in a driver domain. */
    public DiskOptions in(int newBackendDomid) {
        return new DiskOptions(newBackendDomid, cdrom, removable, discard, directIoSafe);
    }

    /** The same as a CD-ROM drive, which is removable, too. */
    public DiskOptions asCdrom() {
        return new DiskOptions(backendDomid, true, true, discard, directIoSafe);
    }

    /** The same with or without discard. */
    public DiskOptions discard(boolean enabled) {
        return new DiskOptions(backendDomid, cdrom, removable, enabled, directIoSafe);
    }

    /** The same with {@code direct-io-safe}. */
    public DiskOptions asDirectIoSafe() {
        return new DiskOptions(backendDomid, cdrom, removable, discard, true);
    }
}
