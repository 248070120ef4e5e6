// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

/**
 * One device as it is now. Texts may hold what a guest or a toolstack wrote: whoever shows them makes them safe.
 *
 * @param name               as the kernel names it, {@code vbd-3-51712}
 * @param domid              of the frontend
 * @param domain             the guest's name, or null where it is not known
 * @param devid              the virtual device number, 51712 for xvda
 * @param vdev               what the guest calls it, {@code xvda}
 * @param kind               of its backend directory, {@code vbd}
 * @param target             the disk's address, or null before it was read
 * @param engine             {@code direct} or {@code buffered}; null while the image is closed
 * @param mode               {@code r} or {@code w}
 * @param sectors            size in units of 512 bytes, 0 while the image is closed
 * @param physicalSectorSize bytes, 0 while the image is closed
 * @param backendState       our state in xenstore, in a word: {@code connected}
 * @param frontendState      the guest's state in xenstore, in a word
 * @param queues             rings, 0 while not connected
 * @param ringPages          pages of each ring
 * @param inFlight           requests taken and not yet answered, those held included
 * @param held               requests kept unanswered because answering would lose data
 * @param lastError          the last thing that went wrong, or null
 * @param parking            whether and how often it was parked, or null when it never was
 * @param limits             on what may be asked of the disk, as {@code iops=500} or {@code none}; null before a guest
 *                           was connected
 */
public record DeviceView(String name, int domid, String domain, int devid, String vdev, String kind, String target,
                         String engine, String mode, long sectors, int physicalSectorSize, String backendState,
                         String frontendState, int queues, int ringPages, long inFlight, long held,
                         String lastError, ParkCounts parking, String limits) {

    /** The unit of {@link #sectors}. */
    public static final int SECTOR_BYTES = 512;

    /** The same, with the guest's name. */
    public DeviceView withDomain(String guest) {
        return new DeviceView(name, domid, guest, devid, vdev, kind, target, engine, mode, sectors,
            physicalSectorSize, backendState, frontendState, queues, ringPages, inFlight, held, lastError, parking,
            limits);
    }

    /** Size in bytes. */
    public long bytes() {
        return sectors * SECTOR_BYTES;
    }
}
