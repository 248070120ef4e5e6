// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A few hundred runs with everything that can fail. {@code -Dmigrate.runs=N} makes more, {@code -Dmigrate.seed=N}
 * repeats from one seed; packaging/bench/migrate.sh has them by the thousand.
 */
class MigrationTest {

    private static final int RUNS = Integer.getInteger("migrate.runs", 150);

    @Test
    void thereAreNeverTwoWritersAndNothingIsLost() throws Exception {
        long seed = Long.getLong("migrate.seed", new Random().nextInt(Integer.MAX_VALUE));
        assertEquals(RUNS, MigrationRuns.run(RUNS, seed).runs());
    }
}
