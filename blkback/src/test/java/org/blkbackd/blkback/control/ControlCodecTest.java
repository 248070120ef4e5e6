// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControlCodecTest {

    @Test
    void requestsComeBackAsTheyWere() throws ControlException {
        for (ControlRequest request : List.of(ControlRequest.of(ControlRequest.LIST),
            ControlRequest.resize("3/xvda", 1L << 40), ControlRequest.resize("3/xvda", null),
            ControlRequest.logLevel("debug"))) {
            assertEquals(request, ControlCodec.request(ControlCodec.write(request)));
        }
    }

    @Test
    void repliesComeBackAsTheyWere() throws ControlException {
        Histogram histogram = new Histogram(1);
        histogram.recordValue(20);
        histogram.recordValueWithCount(3_000_000_000L, 7);
        OperationStats read = new OperationStats(8, 32768, Histograms.latency(histogram));
        DeviceStats stats = new DeviceStats("vbd-3-51712", 3, "xvda", "vbd", "direct:/srv/a.img", 9, 1, 0, 4, 0, read,
            OperationStats.NONE, OperationStats.NONE, OperationStats.NONE, new ErrorCounts(1, 2, 3, 4),
            new ParkCounts(true, 3, 2));
        for (ControlReply reply : List.of(ControlReply.devices(List.of(TestDevices.view(3, 51712))),
            ControlReply.stats(List.of(stats), new CrossingStats(1, 2, 3, 4, 5, 6, 7, 8, 9), 123456789L),
            ControlReply.resized(5), ControlReply.retried(7),
            ControlReply.level("warn"), ControlReply.daemon("0.1", 4711),
            ControlReply.handedOver(4712), ControlReply.lines(List.of("vbd-3-51712: no such file")),
            ControlReply.failed(ControlError.BUSY, "one\nline \u2028 \u0000 \ud800"))) {
            String line = ControlCodec.write(reply);
            assertFalse(line.contains("\n"), line);
            assertEquals(reply, ControlCodec.reply(line), line);
        }
    }

    @Test
    void theKeysOnTheWireAreWhatScriptsRelyOn() {
        assertEquals("{\"devices\":[{\"backendState\":\"connected\",\"devid\":51712,\"domid\":3,\"engine\":\"direct\","
            + "\"frontendState\":\"connected\",\"held\":0,\"inFlight\":0,\"kind\":\"vbd\",\"limits\":\"none\","
            + "\"mode\":\"w\",\"name\":\"vbd-3-51712\",\"physicalSectorSize\":4096,\"queues\":1,\"ringPages\":1,"
            + "\"sectors\":2048,\"target\":\"direct:/srv/vbd-3-51712.img\",\"vdev\":\"xvda\"}],\"version\":1}",
            ControlCodec.write(ControlReply.devices(List.of(TestDevices.view(3, 51712)))));
        assertEquals("{\"bytes\":1,\"command\":\"resize\",\"device\":\"d\",\"version\":1}",
            ControlCodec.write(ControlRequest.resize("d", 1L)));
        assertEquals("{\"buckets\":[[5,2]],\"count\":2,\"maxNanos\":5,\"meanNanos\":5,\"p50Nanos\":5,\"p99Nanos\":5}",
            ControlCodec.write(Latency.ofBuckets(List.of(List.of(5L, 2L)))));
    }

    @Test
    void whatALaterVersionAddsIsPassedOver() throws ControlException {
        assertEquals(ControlRequest.of("list"),
            ControlCodec.request("{\"version\":1,\"new\":{\"a\":[1,{}]},\"command\":\"list\"}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "null", "[]", "1", "\"list\"", "{", "{]", "}", "list", "{\"version\":}",
        "{\"version\":\"x\"}", "{\"version\":99999999999999999999}", "{\"bytes\":[]}", "{\"command\":{}}",
        "{\"command\":\"\u0000", "\u0000", "{\"command\":\"\\ud800", "{'command':'list'}", "{\"version\":1e400}",
        "{\"bytes\":1e999999999}", "{}",
        "{\"version\":1,\"bytes\":\"5\"}", "{\"version\":1,\"bytes\":5.5}", "{\"version\":1,\"device\":5}",
        "{\"version\":1,\"bytes\":9223372036854775808}"})
    void whatIsNoRequestIsRefusedInOneLine(String line) {
        ControlException refusal = assertThrows(ControlException.class, () -> ControlCodec.request(line));
        assertEquals(ControlError.BAD_REQUEST, refusal.error());
        assertEquals(1, refusal.getMessage().lines().count(), refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":", "{\"device\":["})
    void deepNestingIsRefused(String open) {
        assertThrows(ControlException.class, () -> ControlCodec.request("{\"a\":" + open.repeat(100_000)));
    }

    @Test
    void randomLinesAreRequestsOrRefused() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String alphabet = "{}[]\":,\\u0 1e9-.ntfversioncommandlist\u0000\ud800\u00e9";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder line = new StringBuilder(random.nextBoolean() ? "{\"version\":1,\"command\":" : "");
            for (int left = random.nextInt(40); left > 0; left--) {
                line.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                assertNotNull(ControlCodec.request(line.toString()));
            } catch (ControlException e) {
                assertNotNull(e.getMessage(), "seed " + seed);
            }
        }
    }
}
