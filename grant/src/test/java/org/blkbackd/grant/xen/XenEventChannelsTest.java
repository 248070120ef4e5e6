// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.EventChannelsContract;
import org.blkbackd.grant.GuestSide;

/** The contract on real Xen; skipped elsewhere. */
class XenEventChannelsTest extends EventChannelsContract {

    @Override
    protected GuestSide newGuest() {
        return XenLoopback.open();
    }

    @Override
    protected int ourDomid() {
        return XenLoopback.SELF;
    }

    @Override
    protected EventChannels newChannels() {
        return XenEventChannels.open();
    }
}
