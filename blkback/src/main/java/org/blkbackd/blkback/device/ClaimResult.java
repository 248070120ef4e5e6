// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

/**
 * The answer to a {@link Claim}.
 *
 * @param refusal null when it is granted, else one line that says who has the image or does not answer, and what to do
 */
public record ClaimResult(String refusal) {

    /** The image may be opened. */
    public static final ClaimResult GRANTED = new ClaimResult(null);

    /** Not now; the guest waits, and the claim comes again in a while. */
    public static ClaimResult refused(String reason) {
        return new ClaimResult(reason);
    }

    /** Whether the image may be opened. */
    public boolean granted() {
        return refusal == null;
    }
}
