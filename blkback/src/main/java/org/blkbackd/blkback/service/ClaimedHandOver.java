// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.blkbackd.blkback.device.HandOver;
import org.blkbackd.blkback.migration.net.PeerClaims;

/**
 * The old daemon's side of a hand-over on a host with peers: what the new one has is still this host's, and this daemon
 * still says so.
 */
final class ClaimedHandOver implements HandOver {

    private final HandOver devices;
    private final PeerClaims claims;

    ClaimedHandOver(HandOver devices, PeerClaims claims) {
        this.devices = devices;
        this.claims = claims;
    }

    @Override
    public CompletableFuture<List<Candidate>> suspend() {
        return devices.suspend();
    }

    @Override
    public void unsuspend() {
        claims.unkeep();
        devices.unsuspend();
    }

    @Override
    public CompletableFuture<Void> release(String device) {
        claims.keep(device);
        return devices.release(device).whenComplete((released, failure) -> {
            if (failure != null) {
                claims.unkeep(device);
            }
        });
    }

    @Override
    public CompletableFuture<Void> resume(String device) {
        return devices.resume(device);
    }
}
