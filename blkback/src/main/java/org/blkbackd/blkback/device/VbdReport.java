// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.blkbackd.blkback.control.DeviceStats;
import org.blkbackd.blkback.control.DeviceView;
import org.blkbackd.blkback.control.ErrorCounts;
import org.blkbackd.blkback.control.Histograms;
import org.blkbackd.blkback.control.OperationStats;
import org.blkbackd.blkback.control.ParkCounts;
import org.blkbackd.blkback.control.VdevName;
import org.blkbackd.blkback.ring.LatencyCounts;
import org.blkbackd.blkback.ring.LatencyCounts.Operation;
import org.blkbackd.blkback.ring.RingCounters.Counter;
import org.blkbackd.blkback.ring.VbdRing;
import org.blkbackd.blkback.xenbus.DiskProperties;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.blkbackd.blkback.xenbus.VbdConfig;
import org.blkbackd.blkback.xenbus.XenbusState;

/**
 * What administrators are told of a connected vbd. Made on the conductor's thread; the counts are for any thread, since
 * workers write them for everyone.
 */
final class VbdReport {

    private final VbdAddress address;
    private final String target;
    private final List<VbdRing> rings;
    private final ParkCounts parking;

    /** Of a connected vbd, or of a parked one: its rings have their counts still. */
    VbdReport(Vbd vbd) {
        DataPath data = last(vbd);
        address = vbd.address();
        target = data.config().target().toString();
        rings = List.copyOf(data.rings());
        parking = vbd.parking().counts();
    }

    /** The connection, or the one that is parked; null when there is neither. */
    private static DataPath last(Vbd vbd) {
        return vbd.isParked() ? vbd.parking().parked() : vbd.data();
    }

    /** On the conductor's thread. */
    static DeviceView view(Vbd vbd) {
        VbdAddress address = vbd.address();
        DataPath data = vbd.data();
        DataPath last = last(vbd);
        VbdConfig config = last == null ? null : last.config();
        DiskProperties disk = data == null || data.disk() == null ? null : data.properties();
        List<VbdRing> rings = last == null ? List.of() : last.rings();
        return new DeviceView(address.toString(), address.domid(), null, address.devid(),
            VdevName.of(address.devid()), address.kind(), config == null ? null : config.target().toString(),
            disk == null ? null : data.disk().info().direct() ? "direct" : "buffered",
            config == null ? null : config.readOnly() ? "r" : "w", disk == null ? 0 : disk.sectors(),
            disk == null ? 0 : disk.physicalSectorSize(), word(vbd.backendState()), word(vbd.frontendState()),
            rings.size(), rings.isEmpty() ? 0 : rings.get(0).spec().ringRefs().length, inFlight(rings),
            sum(rings, Counter.HELD), vbd.lastError(), vbd.parking().counts(), vbd.rates().words());
    }

    /** In a line of the log. */
    static String served(DataPath data) {
        VbdConfig config = data.config();
        int queues = data.rings().size();
        return "serves " + config.target() + (config.readOnly() ? " read-only, " : ", ") + data.properties().sectors()
            + " sectors, " + (data.disk().info().direct() ? "direct" : "buffered")
            + (queues > 1 ? ", " + queues + " queues" : "");
    }

    /** On any thread. */
    DeviceStats stats() {
        return new DeviceStats(address.toString(), address.domid(), VdevName.of(address.devid()), address.kind(),
            target, sum(rings, Counter.REQUESTS), inFlight(rings), sum(rings, Counter.HELD),
            sum(rings, Counter.NOTIFIES), sum(rings, Counter.LIMITED),
            operation(Operation.READ, Counter.READS, Counter.READ_BYTES),
            operation(Operation.WRITE, Counter.WRITES, Counter.WRITE_BYTES),
            new OperationStats(sum(rings, Counter.FLUSHES), 0, Histograms.latency(total(Operation.FLUSH))),
            operation(Operation.DISCARD, Counter.DISCARDS, Counter.DISCARD_BYTES),
            new ErrorCounts(sum(rings, Counter.MALFORMED), sum(rings, Counter.UNSUPPORTED),
                sum(rings, Counter.COPY_FAILURES), sum(rings, Counter.IO_ERRORS)), parking);
    }

    private OperationStats operation(Operation operation, Counter count, Counter bytes) {
        return new OperationStats(sum(rings, count), sum(rings, bytes), Histograms.latency(total(operation)));
    }

    private Histogram total(Operation operation) {
        Histogram total = LatencyCounts.newTotal();
        rings.forEach(ring -> ring.latencies().addTo(total, operation));
        return total;
    }

    /** Answered first: what is answered in between must not make it negative. */
    static long inFlight(List<VbdRing> rings) {
        long answered = sum(rings, Counter.RESPONSES);
        return sum(rings, Counter.REQUESTS) - answered;
    }

    /** Requests kept unanswered. */
    static long held(List<VbdRing> rings) {
        return sum(rings, Counter.HELD);
    }

    /** Of these, those whose flush failed. */
    static long heldFlushes(List<VbdRing> rings) {
        return sum(rings, Counter.HELD_FLUSHES);
    }

    private static long sum(List<VbdRing> rings, Counter counter) {
        return rings.stream().mapToLong(ring -> ring.counters().get(counter)).sum();
    }

    private static String word(XenbusState state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
