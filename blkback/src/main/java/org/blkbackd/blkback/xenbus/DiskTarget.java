// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.blkif.RateLimits;

/**
 * {@code target=} of xl's disk line: an absolute path, or {@code SCHEME[,OPTION=VALUE...]:PATH}. Options come before
 * the colon, because a path may hold anything. Of an option that is there twice, the last counts.
 *
 * @param disk    the disk without its options, as {@code direct:/srv/a.img}; empty for a drive without a medium
 * @param options by name; only such as there are, with values that are allowed
 */
public record DiskTarget(String disk, Map<String, String> options) {

    private static final String SECTOR_SIZE = "sector-size";
    private static final String ON_ERROR = "on-error";
    private static final String WHILE_HELD = "while-held";
    private static final String EXCLUSIVE = "exclusive";
    private static final String NAME = "name";

    private static final String ALLOWED = "sector-size=512 or 4096, on-error=report, hold or enospc, while-held=serve"
        + " or stop, iops=, iops-burst=, bandwidth=, bandwidth-burst=, exclusive=none, or name=";
    private static final Pattern AMOUNT = Pattern.compile("[0-9]{1,12}[KMGTkmgt]?");

    private static final Map<String, Pattern> VALUES = Map.of(
        SECTOR_SIZE, Pattern.compile("512|4096"),
        ON_ERROR, Pattern.compile("report|hold|enospc"),
        WHILE_HELD, Pattern.compile("serve|stop"),
        EXCLUSIVE, Pattern.compile("none"),
        NAME, Pattern.compile("[0-9A-Za-z._-]{1,100}"));

    /** No medium. */
    static final DiskTarget EMPTY = new DiskTarget("", Map.of());

    /** Copies the options. */
    public DiskTarget {
        options = Map.copyOf(options);
    }

    /** @param node where the text is from, for the message */
    static DiskTarget parse(String node, String text) {
        int colon = text.indexOf(':');
        int comma = text.indexOf(',');
        if (text.startsWith("/") || comma < 0 || colon < comma) {
            return new DiskTarget(text, Map.of());
        }
        Map<String, String> options = new HashMap<>();
        for (String option : text.substring(comma + 1, colon).split(",", -1)) {
            int equals = option.indexOf('=');
            Pattern values = equals < 0 ? null : values(option.substring(0, equals));
            if (values == null || !values.matcher(option.substring(equals + 1)).matches()) {
                throw new XenbusFault(XenbusFault.EINVAL, node + " has the option " + XenbusFault.show(option)
                    + ", must be " + ALLOWED);
            }
            options.put(option.substring(0, equals), option.substring(equals + 1));
        }
        DiskTarget target = new DiskTarget(text.substring(0, comma) + text.substring(colon), options);
        try {
            target.rateLimits(RateLimits.NONE);
        } catch (IllegalArgumentException e) {
            throw new XenbusFault(XenbusFault.EINVAL, node + ": the limits " + e.getMessage());
        }
        return target;
    }

    /** Null when there is no such option. */
    private static Pattern values(String option) {
        return RateLimits.KEYS.contains(option) ? AMOUNT : VALUES.get(option);
    }

    /** What the guest is told, in bytes: 512 unless option {@code sector-size} asks for 4096. */
    public int sectorSize() {
        return Integer.parseInt(options.getOrDefault(SECTOR_SIZE, "" + Blkif.SECTOR_SIZE));
    }

    /** False with {@code exclusive=none}: no lock on the image, others may write to it too. */
    public boolean exclusive() {
        return !options.containsKey(EXCLUSIVE);
    }

    /** Option {@code name}: what the image is called on every host, or null. */
    public String name() {
        return options.get(NAME);
    }

    /** What becomes of failed requests: what the target says, and for the rest {@code settings}. */
    public ErrorPolicy policy(ErrorPolicy settings) {
        String onError = options.get(ON_ERROR);
        String whileHeld = options.get(WHILE_HELD);
        return new ErrorPolicy(onError == null ? settings.onError() : ErrorPolicy.OnError.ofWord(onError),
            whileHeld == null ? settings.stopsWhileHeld() : whileHeld.equals("stop"));
    }

    /** How much may be asked of it: what the target says, or {@code settings} where that says nothing. */
    public RateLimits rateLimits(RateLimits settings) {
        String words = RateLimits.KEYS.stream().filter(options::containsKey).map(word -> word + "=" + options.get(word))
            .collect(Collectors.joining(","));
        return words.isEmpty() ? settings : RateLimits.parse(words);
    }

    @Override
    public String toString() {
        return disk.isEmpty() ? "an empty drive" : disk;
    }
}
