// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlkbackConfigTest {

    @Test
    void noConfiguredWorkersMeansOnePerCpuAndFourAtMost() {
        assertEquals(1, BlkbackConfig.DEFAULTS.workerCount(1));
        assertEquals(3, BlkbackConfig.DEFAULTS.workerCount(3));
        assertEquals(4, BlkbackConfig.DEFAULTS.workerCount(128));
    }

    @Test
    void configuredWorkersDoNotDependOnTheMachine() {
        assertEquals(9, new BlkbackConfig(List.of("vbd"), "direct", 9, 16, "info").workerCount(2));
    }

    @Test
    void isImmutable() {
        List<String> kinds = new ArrayList<>(List.of("vbd"));
        BlkbackConfig config = new BlkbackConfig(kinds, "direct", 0, 16, "info");
        kinds.add("qdisk");
        assertEquals(List.of("vbd"), config.kinds());
        assertThrows(UnsupportedOperationException.class, () -> config.kinds().add("qdisk"));
    }
}
