// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import static org.junit.jupiter.api.Assertions.assertNull;

import org.blkbackd.blkback.model.FaultLog;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The source's daemon dies with a write under way when the guest is suspended, comes back, and its domain is not
 * destroyed, because the link was lost. In its journal is a write that the destination has done again, and newer ones
 * after it. When the destination's daemon lets go of the lock for a moment, the old write must not be done once more.
 */
class LingeringSourceTest {

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void aJournalOfASuspendedGuestIsNotReplayedOnTop(String engine) throws Exception {
        try (FaultLog log = new FaultLog(); TwoHosts hosts = new TwoHosts(1)) {
            LateWrite late = new LateWrite(hosts, engine);
            late.suspendWithAWriteUnderWay();
            Thread.sleep(100);
            late.source().daemon().kill();
            late.land();
            late.wakeUpElsewhere();
            late.writeNewerOnes();
            late.source().start();
            Thread.sleep(500);
            late.guest().suspend();
            late.destination().killAndRestart(1_000_000, 1, 3_000);
            late.destroySource();
            late.judge();
            assertNull(log.first());
        }
    }
}
