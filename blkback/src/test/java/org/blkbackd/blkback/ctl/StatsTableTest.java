// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.CrossingStats;
import org.blkbackd.blkback.control.DeviceStats;
import org.blkbackd.blkback.control.DeviceView;
import org.blkbackd.blkback.control.ErrorCounts;
import org.blkbackd.blkback.control.Latency;
import org.blkbackd.blkback.control.OperationStats;
import org.blkbackd.blkback.control.TestDevices;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatsTableTest {

    private static final DeviceView VIEW = TestDevices.view(3, 51712);
    private static final long TWO_SECONDS = 2_000_000_000L;

    @Test
    void ratesAreDifferencesOverTheDaemonsOwnTime() {
        DeviceStats before = stats(1000, new OperationStats(100, 409_600, Latency.ofBuckets(List.of(
            List.of(1_000_000_000L, 100L)))));
        DeviceStats after = stats(3000, new OperationStats(2100, 409_600 + 8_000_000, Latency.ofBuckets(List.of(
            List.of(80_000L, 1900L), List.of(3_000_000L, 100L), List.of(1_000_000_000L, 100L)))));
        assertEquals("vbd-3-51712|xvda|1000|0|4|0|80us|3ms|3ms|-|-|-|0|-|0.2|5|1|10",
            row(List.of(before), List.of(after)));
    }

    @Test
    void aDiskThatIsNewOrConnectedAnewHasDoneAllOfItNow() {
        DeviceStats now = stats(10, new OperationStats(10, 4096, Latency.ofBuckets(List.of(List.of(5_000L, 10L)))));
        String row = "vbd-3-51712|xvda|5|0|0.0|0|5us|5us|5us|-|-|-|0|-|0.0|5|1|10";
        assertEquals(row, row(List.of(), List.of(now)));
        assertEquals(row, row(List.of(stats(11, now.read())), List.of(now)));
    }

    @Test
    void aDiskThatIsGoneHasNoRow() {
        assertEquals(1, new StatsTable(reply(0, List.of(stats(1, OperationStats.NONE))), reply(1, List.of())).lines()
            .size());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "512, 512", "1024, 1K", "1536, 1.5K", "1073741824, 1G", "10995116277760, 10T",
        "1125899906842624, 1024T"})
    void sizesAreReadable(long bytes, String text) {
        assertEquals(text, Units.bytes(bytes));
    }

    @ParameterizedTest
    @CsvSource({"0, 0us", "1500, 1.5us", "85000, 85us", "1200000, 1.2ms", "999999999, 1000ms", "3000000000, 3s"})
    void timesAreReadable(long nanos, String text) {
        assertEquals(text, Units.nanos(nanos));
    }

    @ParameterizedTest
    @CsvSource({"4096, 4096", "4K, 4096", "1m, 1048576", "10G, 10737418240", "1T, 1099511627776"})
    void sizesAreRead(String text, long bytes) {
        assertEquals(bytes, new Units().convert(text));
    }

    @Test
    void whatTheDaemonCostsIsToldForAThousandRequests() {
        CrossingStats before = new CrossingStats(2, 1000, 500, 900, 400, 100, 300, 200, 10);
        CrossingStats after = new CrossingStats(2, 3000, 600, 1900, 1400, 103, 1300, 700, 810);
        assertEquals("2 workers, for 1000 requests: 50 grant copies, 500 kernel entries (500 sleeps, 1.5 wake-ups;"
            + " 400 sleeps saved by polling), 500 events taken, 250 sent", crossings(before, after));
        assertEquals("2 workers: no requests, 1 kernel entries", crossings(before,
            new CrossingStats(2, 1000, 500, 901, 400, 100, 300, 200, 10)));
        assertEquals(crossings(CrossingStats.NONE, before), crossings(after, before), "of a daemon that is new");
    }

    private static String crossings(CrossingStats before, CrossingStats after) {
        List<String> lines = new StatsTable(ControlReply.stats(List.of(), before, 0),
            ControlReply.stats(List.of(), after, 1)).lines();
        return lines.get(lines.size() - 1);
    }

    private static DeviceStats stats(long requests, OperationStats read) {
        return new DeviceStats(VIEW.name(), 3, VIEW.vdev(), "vbd", VIEW.target(), requests, 5, 1, 0, 0, read,
            OperationStats.NONE, OperationStats.NONE, OperationStats.NONE, new ErrorCounts(1, 2, 3, 4), null);
    }

    private static ControlReply reply(long nanos, List<DeviceStats> stats) {
        return ControlReply.stats(stats, null, nanos);
    }

    private static String row(List<DeviceStats> before, List<DeviceStats> after) {
        return new StatsTable(reply(7, before), reply(7 + TWO_SECONDS, after)).lines().get(1).trim()
            .replaceAll(" +", "|");
    }
}
