// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.CrossingStats;
import org.blkbackd.blkback.control.DeviceStats;
import org.blkbackd.blkback.control.Latency;
import org.blkbackd.blkback.control.OperationStats;

/** What happened between two answers of the daemon, one line a device, and what it cost the daemon. */
final class StatsTable {

    private static final double SECOND = 1e9;
    private static final double MEGABYTE = 1e6;
    private static final double THOUSAND = 1e3;

    private final Table table = new Table("DEVICE", "VDEV", "R/S>", "W/S>", "RMB/S>", "WMB/S>", "R-P50>", "R-P99>",
        "R-MAX>", "W-P50>", "W-P99>", "W-MAX>", "FLUSH/S>", "F-P99>", "DEPTH>", "NOW>", "HELD>", "ERRORS>");
    private final double seconds;
    private final String crossings;

    StatsTable(ControlReply before, ControlReply after) {
        seconds = Math.max(1, after.nanos() - before.nanos()) / SECOND;
        Map<String, DeviceStats> earlier = before.stats().stream()
            .collect(Collectors.toMap(DeviceStats::name, Function.identity(), (one, other) -> one));
        crossings = crossings(before.crossings(), after.crossings());
        for (DeviceStats now : after.stats()) {
            row(now, earlier.get(now.name()));
        }
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>(table.lines());
        if (!crossings.isEmpty()) {
            lines.add("");
            lines.add(crossings);
        }
        return lines;
    }

    /** For a thousand requests: what makes a data path slow is how often it leaves its own process. */
    private static String crossings(CrossingStats before, CrossingStats after) {
        if (after == null) {
            return "";
        }
        CrossingStats now = before == null || before.requests() > after.requests() ? after : after.since(before);
        double thousands = now.requests() / THOUSAND;
        String workers = now.workers() + (now.workers() == 1 ? " worker" : " workers");
        if (now.requests() == 0) {
            return workers + ": no requests, " + now.enters() + " kernel entries";
        }
        return workers + ", for 1000 requests: " + Units.number(now.copies() / thousands) + " grant copies, "
            + Units.number(now.enters() / thousands) + " kernel entries (" + Units.number(now.sleeps() / thousands)
            + " sleeps, " + Units.number(now.wakeups() / thousands) + " wake-ups; "
            + Units.number(now.polls() / thousands) + " sleeps saved by polling), "
            + Units.number(now.events() / thousands) + " events taken, " + Units.number(now.notifies() / thousands)
            + " sent";
    }

    /** A device that was not there before, or was connected anew since, has done all it did in this interval. */
    private void row(DeviceStats now, DeviceStats before) {
        boolean fresh = before == null || before.requests() > now.requests();
        OperationStats read = fresh ? now.read() : now.read().since(before.read());
        OperationStats write = fresh ? now.write() : now.write().since(before.write());
        OperationStats flush = fresh ? now.flush() : now.flush().since(before.flush());
        OperationStats discard = fresh ? now.discard() : now.discard().since(before.discard());
        table.row(now.name(), now.vdev(), rate(read.count()), rate(write.count()),
            rate(read.bytes() / MEGABYTE), rate((write.bytes() + flush.bytes()) / MEGABYTE),
            time(read.latency(), Latency::p50Nanos), time(read.latency(), Latency::p99Nanos),
            time(read.latency(), Latency::maxNanos), time(write.latency(), Latency::p50Nanos),
            time(write.latency(), Latency::p99Nanos), time(write.latency(), Latency::maxNanos),
            rate(flush.count()), time(flush.latency(), Latency::p99Nanos),
            depth(read, write, flush, discard), now.inFlight(), now.held(), now.errors().total());
    }

    private String rate(double amount) {
        return Units.number(amount / seconds);
    }

    private static String time(Latency latency, Function<Latency, Long> value) {
        return latency.count() == 0 ? null : Units.nanos(value.apply(latency));
    }

    /** Requests in flight on average: the time they took together, over the time that passed (Little's law). */
    private String depth(OperationStats... operations) {
        double nanos = 0;
        for (OperationStats operation : operations) {
            nanos += (double) operation.latency().meanNanos() * operation.latency().count();
        }
        return Units.number(nanos / SECOND / seconds);
    }
}
