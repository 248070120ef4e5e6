// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.nio.file.Path;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.GrantTableContract;
import org.blkbackd.grant.GuestSide;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** The contract on the simulated hypervisor. */
class SimGrantTableTest extends GrantTableContract {

    @TempDir
    private Path folder;
    private SimHypervisor hypervisor;

    @Override
    protected GuestSide newGuest() {
        hypervisor = SimHypervisor.open(folder);
        return new SimGuestSide(SimHypervisor.open(folder), 5);
    }

    @Override
    protected GrantTable newTable() {
        return hypervisor.grantTable(0);
    }

    @AfterEach
    void closeHypervisor() {
        hypervisor.close();
    }
}
