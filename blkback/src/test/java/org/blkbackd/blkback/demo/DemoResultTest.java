// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class DemoResultTest {

    private final DemoResult result = new DemoResult("direct", 1000, 4_096_000, 12, 0, 2.0, 101.26, 999.0);

    @Test
    void rendersOneJsonObjectOnOneLine() {
        assertEquals("{\"bytes\":4096000,\"engine\":\"direct\",\"flushes\":12,\"iops\":500,\"mbps\":2.0,"
            + "\"mismatches\":0,\"p50_us\":101.3,\"p99_us\":999.0,\"requests\":1000}", result.json());
    }

    @Test
    void rendersATable() {
        assertEquals("""
            engine       requests       IOPS       MB/s     p50 us     p99 us  flushes  mismatches
            direct           1000        500        2.0      101.3      999.0       12           0
            """, DemoResult.table(List.of(result)));
    }
}
