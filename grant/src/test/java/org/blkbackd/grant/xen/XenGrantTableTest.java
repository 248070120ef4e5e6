// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.GrantTableContract;
import org.blkbackd.grant.GuestSide;

/** The contract on real Xen; skipped elsewhere. */
class XenGrantTableTest extends GrantTableContract {

    @Override
    protected GuestSide newGuest() {
        return XenLoopback.open();
    }

    @Override
    protected GrantTable newTable() {
        return XenGrantTable.open();
    }
}
