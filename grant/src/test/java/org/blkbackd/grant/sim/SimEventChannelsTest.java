// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.nio.file.Path;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.EventChannelsContract;
import org.blkbackd.grant.GuestSide;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** The contract on the simulated hypervisor. */
class SimEventChannelsTest extends EventChannelsContract {

    @TempDir
    private Path folder;
    private SimHypervisor hypervisor;

    @Override
    protected GuestSide newGuest() {
        hypervisor = SimHypervisor.open(folder);
        return new SimGuestSide(SimHypervisor.open(folder), 5);
    }

    @Override
    protected int ourDomid() {
        return 0;
    }

    @Override
    protected EventChannels newChannels() {
        return hypervisor.eventChannels(0);
    }

    @AfterEach
    void closeHypervisor() {
        hypervisor.close();
    }
}
