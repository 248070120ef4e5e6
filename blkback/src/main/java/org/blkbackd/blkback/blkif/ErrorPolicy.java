// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import java.util.Locale;

/**
 * What becomes of a request that the storage failed. A flush that failed is held whatever the policy: blkfront takes an
 * error on a flush for "not supported" and never flushes again (xen-blkfront.c blkif_interrupt).
 *
 * @param onError        which failures are kept from the guest
 * @param stopsWhileHeld take no more requests while one is held; otherwise what the storage still does is served
 */
public record ErrorPolicy(OnError onError, boolean stopsWhileHeld) {

    /** Which failures are kept from the guest. */
    public enum OnError {
        /** None: the guest gets an error. */
        REPORT,
        /** All: the request waits for better times. */
        HOLD,
        /** Want of space and quota; the guest gets all others. */
        ENOSPC;

        /** By the word of the settings and of a disk's target: {@code report}. */
        public static OnError ofWord(String word) {
            return valueOf(word.toUpperCase(Locale.ROOT));
        }
    }

    /** What holds when nothing is configured. */
    public static final ErrorPolicy DEFAULT = new ErrorPolicy(OnError.ENOSPC, false);

    /**
     * By the words of the settings.
     *
     * @param onError   {@code report}, {@code hold} or {@code enospc}
     * @param whileHeld {@code serve} or {@code stop}
     */
    public static ErrorPolicy of(String onError, String whileHeld) {
        return new ErrorPolicy(OnError.ofWord(onError), whileHeld.equals("stop"));
    }

    /** As a disk's target says it. */
    public String words() {
        return "on-error=" + onError.name().toLowerCase(Locale.ROOT) + ",while-held="
            + (stopsWhileHeld ? "stop" : "serve");
    }
}
