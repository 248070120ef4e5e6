// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A frontend that has nothing but its interrupts. */
class InterruptTest {

    private static final int PATIENCE_MS = 20_000;

    @TempDir
    private Path folder;

    @Test
    void anEventFindsTheAnswers() {
        try (FrontendRig rig = new FrontendRig(folder, DoubleBackend.Fault.NONE)) {
            SimFrontend frontend = rig.connected(FrontendRig.config());
            for (int round = 0; round < 100; round++) {
                FrontRequest request = submit(frontend);
                FrontRequest answered = null;
                while (answered == null) {
                    assertTrue(frontend.awaitInterrupt(PATIENCE_MS), "no event");
                    answered = frontend.queue(0).reapInterrupted();
                }
                assertSame(request, answered);
                frontend.release(answered);
            }
        }
    }

    @Test
    void withoutAnEventItSleepsOn() {
        try (FrontendRig rig = new FrontendRig(folder, DoubleBackend.Fault.NEVER_NOTIFIES)) {
            SimFrontend frontend = rig.connected(FrontendRig.config());
            FrontRequest request = submit(frontend);
            while (rig.backend.queues.get(0).shared.rspProd() == 0) {
                Thread.onSpinWait();
            }
            assertFalse(frontend.awaitInterrupt(100));
            assertNull(frontend.queue(0).reapInterrupted());
            assertTrue(frontend.await(PATIENCE_MS), "a frontend that looks without being told finds it");
            assertSame(request, frontend.reap());
        }
    }

    private static FrontRequest submit(SimFrontend frontend) {
        FrontRequest request = frontend.claim().read(0, 8);
        frontend.submit(request);
        frontend.kick();
        return request;
    }
}
