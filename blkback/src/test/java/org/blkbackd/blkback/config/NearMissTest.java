// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearMissTest {

    private static final List<String> KEYS = List.of("kinds", "default-engine", "workers", "io-threads", "log-level");

    @ParameterizedTest
    @CsvSource({"kind, kinds", "KINDS, kinds", "defaultEngine, default-engine", "worker, workers", "wrokers, workers",
        "io_threads, io-threads", "iothreds, io-threads", "log-levle, log-level"})
    void findsTheWordThatWasMeant(String written, String meant) {
        assertEquals(meant, NearMiss.of(written, KEYS));
    }

    @ParameterizedTest
    @CsvSource({"x", "kin", "engine", "thread", "level", "timeout", "''"})
    void doesNotGuessWildly(String written) {
        assertNull(NearMiss.of(written, KEYS));
    }

    @Test
    void prefersTheNearest() {
        assertEquals("read-x", NearMiss.of("read-x1", List.of("read-xyz", "read-x", "read-xab")));
    }
}
