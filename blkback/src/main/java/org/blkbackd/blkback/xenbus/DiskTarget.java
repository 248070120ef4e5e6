// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import org.blkbackd.blkback.blkif.Blkif;

/**
 * {@code target=} of xl's disk line: an absolute path, or {@code SCHEME[,OPTION=VALUE...]:PATH}. Options come before
 * the colon, because a path may hold anything.
 *
 * @param disk       the disk without its options, as {@code direct:/srv/a.img}; empty for a drive without a medium
 * @param sectorSize option {@code sector-size}: what the guest is told, 512 unless 4096 is asked for
 */
public record DiskTarget(String disk, int sectorSize) {

    private static final String OPTIONS = "sector-size=512 or sector-size=4096";

    /** No medium. */
    static final DiskTarget EMPTY = new DiskTarget("", Blkif.SECTOR_SIZE);

    /** @param node where the text is from, for the message */
    static DiskTarget parse(String node, String text) {
        int colon = text.indexOf(':');
        int comma = text.indexOf(',');
        if (text.startsWith("/") || comma < 0 || colon < comma) {
            return new DiskTarget(text, Blkif.SECTOR_SIZE);
        }
        int sectorSize = Blkif.SECTOR_SIZE;
        for (String option : text.substring(comma + 1, colon).split(",", -1)) {
            sectorSize = switch (option) {
                case "sector-size=512" -> Blkif.SECTOR_SIZE;
                case "sector-size=4096" -> Blkif.PAGE_SIZE;
                default -> throw new XenbusFault(XenbusFault.EINVAL, node + " has the option "
                    + XenbusFault.show(option) + ", must be " + OPTIONS);
            };
        }
        return new DiskTarget(text.substring(0, comma) + text.substring(colon), sectorSize);
    }

    @Override
    public String toString() {
        return disk.isEmpty() ? "an empty drive" : disk;
    }
}
