// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

/** The process at the other end of a conversation. */
final class SimProcess implements PeerProcess {

    private final Runnable end;
    private volatile boolean gone;
    private volatile boolean killed;

    /** @param end what the kernel does when it ends */
    SimProcess(Runnable end) {
        this.end = end;
    }

    void exits() {
        end.run();
        gone = true;
    }

    boolean wasKilled() {
        return killed;
    }

    @Override
    public boolean isGone() {
        return gone;
    }

    @Override
    public void kill() {
        killed = true;
        exits();
    }
}
