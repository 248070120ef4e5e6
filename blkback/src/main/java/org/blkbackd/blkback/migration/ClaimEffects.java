// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import org.blkbackd.blkback.device.ClaimResult;

/** What {@link ImageClaims} wants done. Nothing here calls it back before it has returned. */
public interface ClaimEffects {

    /** Sends to a peer; may be lost. */
    void send(Peer peer, PeerMessage message);

    /** Answers the claim of a device; once. */
    void told(String device, ClaimResult result);

    /** Tells the administrator. */
    void note(String line);
}
