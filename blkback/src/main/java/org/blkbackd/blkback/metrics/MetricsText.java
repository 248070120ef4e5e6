// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.metrics;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.blkbackd.blkback.control.DeviceStats;
import org.blkbackd.blkback.control.Latency;
import org.blkbackd.blkback.control.OperationStats;
import org.blkbackd.blkback.control.ParkCounts;
import org.blkbackd.blkback.log.OneLine;

/** What devices have done, in Prometheus' text format. About 80 series a device, and at most so many devices. */
final class MetricsText {

    static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;
    /** More are left out, and counted. */
    static final int MOST_DEVICES = 1000;

    private static final int MOST_LABEL_CHARS = 128;
    private static final double SECOND = 1e9;
    private static final double[] BOUNDS_S = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1,
        0.5, 1, 5, Double.POSITIVE_INFINITY};

    private final CounterSnapshot.Builder requests = counter("blkbackd_requests", "Requests answered OKAY.");
    private final CounterSnapshot.Builder bytes = counter("blkbackd_bytes", "Data that requests moved.");
    private final CounterSnapshot.Builder errors = counter("blkbackd_errors", "Requests answered with an error.");
    private final CounterSnapshot.Builder notifies = counter("blkbackd_notifies", "Events sent to the frontend.");
    private final CounterSnapshot.Builder limited = counter("blkbackd_limited",
        "Times that requests began to wait because of the disk's limits.");
    private final GaugeSnapshot.Builder inFlight = gauge("blkbackd_in_flight", "Requests not answered yet.");
    private final GaugeSnapshot.Builder held = gauge("blkbackd_held", "Requests kept unanswered to lose no data.");
    private final CounterSnapshot.Builder parks = counter("blkbackd_parks", "Times that its guest was suspended.");
    private final CounterSnapshot.Builder unparks = counter("blkbackd_unparks", "Times that its guest went on.");
    private final GaugeSnapshot.Builder parked = gauge("blkbackd_parked", "1 while its guest seems to be suspended.");
    private final HistogramSnapshot.Builder latency = HistogramSnapshot.builder().name("blkbackd_request_seconds")
        .help("Time from the ring to the response, failed requests included.");

    private MetricsText() {
    }

    /** UTF-8. */
    static byte[] of(List<DeviceStats> devices) throws IOException {
        MetricsText text = new MetricsText();
        int told = Math.min(devices.size(), MOST_DEVICES);
        devices.subList(0, told).forEach(text::add);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrometheusTextFormatWriter.create().write(out, MetricSnapshots.of(text.requests.build(), text.bytes.build(),
            text.errors.build(), text.notifies.build(), text.limited.build(), text.inFlight.build(), text.held.build(),
            text.parks.build(), text.unparks.build(), text.parked.build(), text.latency.build(),
            one("blkbackd_devices", "Connected disks.", devices.size()),
            one("blkbackd_devices_omitted", "Connected disks that are left out here.", devices.size() - told)));
        return out.toByteArray();
    }

    private void add(DeviceStats device) {
        Labels labels = Labels.of("device", device.name(), "domid", Integer.toString(device.domid()),
            "kind", label(device.kind()), "target", label(device.target()), "vdev", label(device.vdev()));
        Map.of("read", device.read(), "write", device.write(), "flush", device.flush(), "discard", device.discard())
            .forEach((operation, stats) -> add(labels.add("operation", operation), stats));
        Map.of("malformed", device.errors().malformed(), "unsupported", device.errors().unsupported(),
            "copy", device.errors().copy(), "io", device.errors().io())
            .forEach((reason, count) -> count(errors, labels.add("reason", reason), count));
        count(notifies, labels, device.notifies());
        count(limited, labels, device.limited());
        inFlight.dataPoint(point(labels, device.inFlight()));
        held.dataPoint(point(labels, device.held()));
        ParkCounts parking = device.parking() == null ? new ParkCounts(false, 0, 0) : device.parking();
        count(parks, labels, parking.parks());
        count(unparks, labels, parking.unparks());
        parked.dataPoint(point(labels, parking.parked() ? 1 : 0));
    }

    private void add(Labels labels, OperationStats stats) {
        count(requests, labels, stats.count());
        count(bytes, labels, stats.bytes());
        Latency times = stats.latency();
        latency.dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder().labels(labels)
            .classicHistogramBuckets(ClassicHistogramBuckets.of(BOUNDS_S, counts(times)))
            .sum(times.meanNanos() / SECOND * times.count()).build());
    }

    private static Number[] counts(Latency times) {
        Long[] counts = new Long[BOUNDS_S.length];
        Arrays.fill(counts, 0L);
        for (List<Long> bucket : times.buckets()) {
            int at = 0;
            while (bucket.get(0) / SECOND > BOUNDS_S[at]) {
                at++;
            }
            counts[at] += bucket.get(1);
        }
        return counts;
    }

    /** What others wrote: printable, and not endless. */
    private static String label(String text) {
        return text == null ? "" : OneLine.of(text, MOST_LABEL_CHARS);
    }

    private static CounterSnapshot.Builder counter(String name, String help) {
        return CounterSnapshot.builder().name(name).help(help);
    }

    private static void count(CounterSnapshot.Builder counter, Labels labels, long value) {
        counter.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder().labels(labels)
            .value(Math.max(0, value)).build());
    }

    private static GaugeSnapshot.Builder gauge(String name, String help) {
        return GaugeSnapshot.builder().name(name).help(help);
    }

    private static GaugeSnapshot one(String name, String help, long value) {
        return gauge(name, help).dataPoint(point(Labels.EMPTY, value)).build();
    }

    private static GaugeSnapshot.GaugeDataPointSnapshot point(Labels labels, long value) {
        return GaugeSnapshot.GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
    }
}
