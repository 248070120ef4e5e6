// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.DoubleConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.log.LogConfigurator;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code blkbackd demo}. */
@Command(name = "demo", mixinStandardHelpOptions = true, sortOptions = false, description = {
    "Serves a real image file to a simulated guest, and verifies every byte.",
    "Needs no Xen. The guest writes, flushes and reads back; exit status 0 means no mismatch."})
public final class DemoCommand implements Callable<Integer> {

    private static final int MOST_BYTES = Blkif.MAX_SEGMENTS * Blkif.PAGE_SIZE;
    /** What the guest works on at most: the demo keeps four bytes of memory for every block. */
    private static final long MOST_WORKED_ON = 1L << 30;
    private static final int PROGRESS_STEPS = 1000;

    /** Which engines to run. */
    enum Engines {
        DIRECT("direct"), BUFFERED("buffered"), BOTH("direct", "buffered");

        private final List<String> names;

        Engines(String... names) {
            this.names = List.of(names);
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(names = "--image", paramLabel = "FILE",
        description = "Image file, made where there is none and kept; default: a temporary file in this directory.")
    private Path image;

    @Option(names = "--size", paramLabel = "SIZE", defaultValue = "256M", converter = SizeOption.class,
        description = "Size of an image that is made (default: ${DEFAULT-VALUE}).")
    private long size;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "5",
        description = "How long each engine runs (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--engine", paramLabel = "ENGINE", defaultValue = "both",
        description = "direct, buffered or both (default: ${DEFAULT-VALUE}).")
    private Engines engine;

    @Option(names = "--depth", paramLabel = "N", defaultValue = "16",
        description = "Requests in flight, 1 to 32 (default: ${DEFAULT-VALUE}).")
    private int depth;

    @Option(names = "--block-size", paramLabel = "SIZE", defaultValue = "4K", converter = SizeOption.class,
        description = "Bytes of a request, a multiple of 512 up to 44K (default: ${DEFAULT-VALUE}).")
    private long blockSize;

    @Option(names = "--json", description = "Print one JSON object per engine.")
    private boolean json;

    @Option(names = "--host", paramLabel = "DIR",
        description = "Simulate the host in DIR and let a daemon serve that is started with 'serve --xen sim:DIR'.")
    private Path host;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        validate();
        LogConfigurator.setLevel("warn");
        PrintWriter out = spec.commandLine().getOut();
        List<DemoResult> results = new ArrayList<>();
        try (DemoImage file = image == null ? DemoImage.temporary(size) : DemoImage.of(image, size);
             DemoHost simulated = new DemoHost(host)) {
            for (String name : engine.names) {
                DemoResult result = run(simulated, file, name);
                results.add(result);
                if (json) {
                    out.println(result.json());
                    out.flush();
                }
            }
        }
        if (!json) {
            out.print(DemoResult.table(results));
        }
        out.flush();
        return results.stream().allMatch(result -> result.mismatches() == 0) ? 0 : 1;
    }

    private void validate() {
        require(size >= MOST_BYTES && size % Blkif.SECTOR_SIZE == 0, "--size must be a multiple of 512, at least 44K");
        require(seconds > 0 && seconds <= 86_400, "--seconds must be above 0 and at most 86400");
        require(depth >= 1 && depth <= FrontendConfig.MAX_DEPTH, "--depth must be 1 to 32");
        require(blockSize >= Blkif.SECTOR_SIZE && blockSize <= MOST_BYTES && blockSize % Blkif.SECTOR_SIZE == 0,
            "--block-size must be a multiple of 512 up to 44K");
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private DemoResult run(DemoHost simulated, DemoImage file, String name) throws IOException {
        DiskConfig disk = DemoHost.disk(name, file.path());
        int count = (int) (Math.min(file.sizeBytes(), MOST_WORKED_ON) / blockSize);
        long seed = System.nanoTime();
        VerifiedBlocks blocks = new VerifiedBlocks(seed, (int) blockSize, count);
        int pages = (int) ((blockSize + Blkif.PAGE_SIZE - 1) / Blkif.PAGE_SIZE);
        SimFrontend frontend = simulated.attach(disk, FrontendConfig.of(disk.devid()).limit(depth, pages));
        GuestJob job = new GuestJob(frontend, blocks, seed);
        try (Progress progress = new Progress(name, !json && System.console() != null)) {
            job.run(seconds, progress);
        }
        simulated.detach(disk, frontend);
        return job.result(name, file.mismatches(blocks));
    }

    /** A bar on a terminal, nothing elsewhere. */
    private static final class Progress implements DoubleConsumer, AutoCloseable {

        private final ProgressBar bar;

        Progress(String name, boolean shown) {
            bar = shown ? new ProgressBarBuilder().setTaskName(name).setInitialMax(PROGRESS_STEPS).hideEta().build()
                : null;
        }

        @Override
        public void accept(double done) {
            if (bar != null) {
                bar.stepTo(Math.round(done * PROGRESS_STEPS));
            }
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }
}
