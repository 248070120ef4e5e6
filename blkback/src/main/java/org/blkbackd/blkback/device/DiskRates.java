// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import org.blkbackd.blkback.blkif.RateLimits;
import org.blkbackd.blkback.ring.Throttle;
import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.blkback.xenbus.VbdConfig;
import org.blkbackd.xenstore.XenstoreException;

/**
 * How much may be asked of one vbd's disk: what its target says, or else the settings, unless an administrator has said
 * otherwise meanwhile. That stays in our directory in xenstore, so that it lasts as long as the device, whatever
 * becomes of the daemon. Owned by the conductor.
 */
final class DiskRates {

    /** What {@link #change} takes back to what target and settings say. */
    static final String DEFAULT = "default";

    /** How a change ended: {@code failure}, or the limits in effect in words. */
    record Outcome(String words, String failure) {
    }

    private final BackendArea backend;
    private final RateLimits settings;
    private final VbdLog log;
    private Throttle throttle;

    DiskRates(BackendArea backend, RateLimits settings, VbdLog log) {
        this.backend = backend;
        this.settings = settings;
        this.log = log;
    }

    /** For the rings of a connection that begins: the same for all of the device's life, so that none begins full. */
    Throttle throttle(VbdConfig config) {
        RateLimits limits = limits(config);
        if (throttle == null) {
            throttle = new Throttle(limits);
        } else if (!throttle.limits().equals(limits)) {
            throttle.limits(limits);
        }
        return throttle;
    }

    private RateLimits limits(VbdConfig config) {
        String kept = backend.rateLimits();
        if (kept != null) {
            try {
                return RateLimits.parse(kept);
            } catch (IllegalArgumentException e) {
                log.warn("its limits in xenstore are not used: " + e.getMessage());
            }
        }
        return config.target().rateLimits(settings);
    }

    /** The limits in effect in words, or null before the first connection. */
    String words() {
        return throttle == null ? null : throttle.limits().words();
    }

    /**
     * Holds from now on.
     *
     * @param words      as {@link RateLimits#parse} takes them, or {@link #DEFAULT}; null changes nothing
     * @param connection or null while there is none
     */
    Outcome change(String words, DataPath connection) {
        if (connection == null) {
            return new Outcome(null, "no guest is connected to it");
        }
        try {
            if (words != null) {
                backend.keepRateLimits(words.equals(DEFAULT) ? null : RateLimits.parse(words).words());
            }
            String now = throttle(connection.config()).limits().words();
            connection.ringSet().rouse();
            if (words != null) {
                log.info("limits are " + now + " now");
            }
            return new Outcome(now, null);
        } catch (IllegalArgumentException e) {
            return new Outcome(null, "the limits " + e.getMessage());
        } catch (XenstoreException e) {
            return new Outcome(null, e.getMessage());
        }
    }
}
