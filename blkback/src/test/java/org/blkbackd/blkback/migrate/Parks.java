// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

/** Whether devices park, and open images afresh. */
final class Parks {

    static final boolean PARKS = Parks.class.getResource("/org/blkbackd/blkback/device/Parking.class") != null;

    private Parks() {
    }
}
