// SPDX-License-Identifier: Apache-2.0

import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What one run of a guest has shown: warms up, then measures, then lets what is in flight come home. Allocates nothing
 * while it measures. Owned by the thread of the load.
 */
final class Meter {

    private static final long LONGEST_NS = 120_000_000_000L;

    private final Histogram latencies = new Histogram(LONGEST_NS, 3);
    private final Processes daemon;
    private final long measureFromNs;
    private final long endNs;
    private long startNs;
    private long stopNs;
    private long daemonCpuUs;
    private long ownCpuUs;
    private long blocks;
    private long requests;
    private long kicks;
    private long wakeUps;
    private boolean stopped;
    private long all;

    Meter(Processes daemon, double warmUpSeconds, double seconds) {
        this.daemon = daemon;
        long now = System.nanoTime();
        measureFromNs = now + (long) (warmUpSeconds * 1e9);
        endNs = measureFromNs + (long) (seconds * 1e9);
    }

    /** To be called on every pass; afterwards {@link #isStopped} is true when no more requests are wanted. */
    void tick(long now) {
        if (startNs == 0 && now >= measureFromNs) {
            startNs = System.nanoTime();
            latencies.reset();
            blocks = 0;
            requests = 0;
            kicks = 0;
            wakeUps = 0;
            daemonCpuUs = daemon.cpuUs();
            ownCpuUs = Processes.ownCpuUs();
        }
        if (!stopped && now >= endNs) {
            stopNs = System.nanoTime();
            daemonCpuUs = daemon.cpuUs() - daemonCpuUs;
            ownCpuUs = Processes.ownCpuUs() - ownCpuUs;
            stopped = true;
        }
    }

    boolean isStopped() {
        return stopped;
    }

    void answered() {
        requests += stopped ? 0 : 1;
    }

    void completed(long latencyNs) {
        all++;
        if (!stopped) {
            blocks++;
            latencies.recordValue(Math.max(0, Math.min(latencyNs, LONGEST_NS)));
        }
    }

    void kicked() {
        kicks += stopped ? 0 : 1;
    }

    void woken() {
        wakeUps += stopped ? 0 : 1;
    }

    /** Blocks answered from the beginning to the end, whether they were measured or not. */
    long all() {
        return all;
    }

    Sample sample() {
        if (!stopped || blocks == 0) {
            throw new IllegalStateException("nothing was answered in the time to measure");
        }
        return new Sample(blocks * 1e9 / (stopNs - startNs), (double) daemonCpuUs / blocks,
            latencies.getValueAtPercentile(50) / 1e3, latencies.getValueAtPercentile(99) / 1e3,
            (double) ownCpuUs / blocks, 1000.0 * kicks / requests, 1000.0 * wakeUps / requests, blocks);
    }

    /**
     * One round of one side.
     *
     * @param iops      blocks a second
     * @param cpuUs     of the process that serves them, for each block
     * @param p50Us     latency
     * @param p99Us     latency
     * @param loadCpuUs of the load generator, for each block; fio's is in {@link #cpuUs}
     * @param kicks     events to the backend for 1000 requests
     * @param wakeUps   events from the backend for 1000 requests
     * @param blocks    counted
     */
    record Sample(double iops, double cpuUs, double p50Us, double p99Us, double loadCpuUs, double kicks,
                  double wakeUps, long blocks) {

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.0f/s, %.2f us CPU, p50 %.0f us, p99 %.0f us", iops, cpuUs, p50Us,
                p99Us);
        }
    }
}
