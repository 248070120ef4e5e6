// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.regex.Pattern;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.ErrorPolicy;

/**
 * {@code target=} of xl's disk line: an absolute path, or {@code SCHEME[,OPTION=VALUE...]:PATH}. Options come before
 * the colon, because a path may hold anything. Of an option that is there twice, the last counts.
 *
 * @param disk       the disk without its options, as {@code direct:/srv/a.img}; empty for a drive without a medium
 * @param sectorSize option {@code sector-size}: what the guest is told, 512 unless 4096 is asked for
 * @param onError    option {@code on-error}, or null: what the settings say
 * @param whileHeld  option {@code while-held}: true to stop, false to serve on, or null: what the settings say
 * @param exclusive  false with the option {@code exclusive=none}: no lock on the image, others may write to it too
 * @param name       option {@code name}: what the image is called on every host, or null
 */
public record DiskTarget(String disk, int sectorSize, ErrorPolicy.OnError onError, Boolean whileHeld,
                         boolean exclusive, String name) {

    private static final String OPTIONS = "sector-size=512 or 4096, on-error=report, hold or enospc, while-held=serve"
        + " or stop, exclusive=none, or name=";

    private static final Pattern NAME = Pattern.compile("name=[0-9A-Za-z._-]{1,100}");

    /** No medium. */
    static final DiskTarget EMPTY = plain("");

    /** @param node where the text is from, for the message */
    static DiskTarget parse(String node, String text) {
        int colon = text.indexOf(':');
        int comma = text.indexOf(',');
        if (text.startsWith("/") || comma < 0 || colon < comma) {
            return plain(text);
        }
        DiskTarget target = plain(text.substring(0, comma) + text.substring(colon));
        for (String option : text.substring(comma + 1, colon).split(",", -1)) {
            target = target.with(node, option);
        }
        return target;
    }

    private static DiskTarget plain(String disk) {
        return new DiskTarget(disk, Blkif.SECTOR_SIZE, null, null, true, null);
    }

    private DiskTarget with(String node, String option) {
        if (NAME.matcher(option).matches()) {
            return new DiskTarget(disk, sectorSize, onError, whileHeld, exclusive,
                option.substring("name=".length()));
        }
        return switch (option) {
            case "sector-size=512" -> new DiskTarget(disk, Blkif.SECTOR_SIZE, onError, whileHeld, exclusive, name);
            case "sector-size=4096" -> new DiskTarget(disk, Blkif.PAGE_SIZE, onError, whileHeld, exclusive, name);
            case "on-error=report", "on-error=hold", "on-error=enospc" -> new DiskTarget(disk, sectorSize,
                ErrorPolicy.OnError.ofWord(option.substring("on-error=".length())), whileHeld, exclusive, name);
            case "while-held=serve" -> new DiskTarget(disk, sectorSize, onError, false, exclusive, name);
            case "while-held=stop" -> new DiskTarget(disk, sectorSize, onError, true, exclusive, name);
            case "exclusive=none" -> new DiskTarget(disk, sectorSize, onError, whileHeld, false, name);
            default -> throw new XenbusFault(XenbusFault.EINVAL, node + " has the option "
                + XenbusFault.show(option) + ", must be " + OPTIONS);
        };
    }

    /** What becomes of failed requests: what the target says, and for the rest {@code settings}. */
    public ErrorPolicy policy(ErrorPolicy settings) {
        return new ErrorPolicy(onError == null ? settings.onError() : onError,
            whileHeld == null ? settings.stopsWhileHeld() : whileHeld);
    }

    @Override
    public String toString() {
        return disk.isEmpty() ? "an empty drive" : disk;
    }
}
