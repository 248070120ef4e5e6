// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import java.util.List;
import org.blkbackd.ioengine.Sizes;

/**
 * What a disk does at most in a second, all its rings together; 0 is no limit. A burst is what may come at once after a
 * rest; 0 is what a tenth of a second has.
 *
 * @param iops           requests in a second
 * @param iopsBurst      requests
 * @param bandwidth      bytes read and written in a second
 * @param bandwidthBurst bytes
 */
public record RateLimits(long iops, long iopsBurst, long bandwidth, long bandwidthBurst) {

    /** What {@link #parse} takes, after "must be". */
    public static final String ALLOWED = "none, or iops=N, iops-burst=N, bandwidth=SIZE and bandwidth-burst=SIZE as"
        + " needed, with commas between, such as iops=500,bandwidth=50M";

    /** What {@link #parse} takes a value for. */
    public static final List<String> KEYS = List.of("iops", "iops-burst", "bandwidth", "bandwidth-burst");

    /** No limit. */
    public static final RateLimits NONE = new RateLimits(0, 0, 0, 0);

    /** Keeps sums of nanoseconds far from overflow. */
    private static final long MAX = 1L << 40;

    /** As settings, targets and xenstore say it. Throws IllegalArgumentException, its message without the text. */
    public static RateLimits parse(String words) {
        if (words.equals("none")) {
            return NONE;
        }
        RateLimits limits = NONE;
        for (String word : words.split(",", -1)) {
            limits = limits.with(word);
        }
        if (limits.iops == 0 && limits.iopsBurst > 0 || limits.bandwidth == 0 && limits.bandwidthBurst > 0) {
            throw new IllegalArgumentException("need a limit beside each burst");
        }
        return limits;
    }

    private RateLimits with(String word) {
        int equals = word.indexOf('=');
        long value = equals < 0 ? -1 : amount(word.substring(equals + 1));
        if (value <= 0 || value > MAX) {
            throw new IllegalArgumentException("must be " + ALLOWED);
        }
        return switch (word.substring(0, equals)) {
            case "iops" -> new RateLimits(value, iopsBurst, bandwidth, bandwidthBurst);
            case "iops-burst" -> new RateLimits(iops, value, bandwidth, bandwidthBurst);
            case "bandwidth" -> new RateLimits(iops, iopsBurst, value, bandwidthBurst);
            case "bandwidth-burst" -> new RateLimits(iops, iopsBurst, bandwidth, value);
            default -> throw new IllegalArgumentException("must be " + ALLOWED);
        };
    }

    private static long amount(String text) {
        try {
            return Sizes.parse(text);
        } catch (IllegalArgumentException e) {
            return -1;
        }
    }

    /** As {@link #parse} takes it. */
    public String words() {
        if (equals(NONE)) {
            return "none";
        }
        StringBuilder words = new StringBuilder();
        append(words, "iops", iops);
        append(words, "iops-burst", iopsBurst);
        append(words, "bandwidth", bandwidth);
        append(words, "bandwidth-burst", bandwidthBurst);
        return words.toString();
    }

    private static void append(StringBuilder words, String key, long value) {
        if (value > 0) {
            words.append(words.isEmpty() ? "" : ",").append(key).append('=').append(value);
        }
    }
}
