// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ImageWaitTest {

    private static final long MS = 1_000_000;

    /** The other host lets go in an instant, or not for a long time. */
    @Test
    void eachPauseIsTwiceTheOneBefore() {
        List<Long> pauses = IntStream.rangeClosed(1, 9)
            .mapToObj(tries -> ImageWait.pauseNs(tries, 2000 * MS) / MS).toList();
        assertEquals(List.of(25L, 50L, 100L, 200L, 400L, 800L, 1600L, 2000L, 2000L), pauses);
    }

    @Test
    void noPauseIsLongerThanTheLongest() {
        assertEquals(2000 * MS, ImageWait.pauseNs(Integer.MAX_VALUE, 2000 * MS));
        assertEquals(10 * MS, ImageWait.pauseNs(1, 10 * MS));
    }
}
