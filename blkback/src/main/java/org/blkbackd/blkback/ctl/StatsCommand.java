// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/**
 * {@code blkbackctl stats}: what happens in one interval, a second unless it is told otherwise; with {@code --watch}
 * again and again. As JSON the counts since each disk was connected, at once; rates are the reader's to compute.
 */
@Command(name = "stats", description = "Requests, data, latency, queue depth and errors of all disks, or of one.",
    mixinStandardHelpOptions = true)
final class StatsCommand implements Callable<Integer> {

    private static final int NOT_WATCHING = 0;
    private static final int MOST_SECONDS = 86_400;
    /** Cursor home; clear what a shorter table would leave. */
    private static final String HOME = "\u001b[H";
    private static final String CLEAR_LINE = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";

    @ParentCommand
    private Blkbackctl ctl;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "DEV", description = "vbd-3-51712, 3/xvda, or web/xvda.")
    private String device;

    @Option(names = "--watch", arity = "0..1", fallbackValue = "1", defaultValue = "0", paramLabel = "SECONDS",
        description = "Again and again, every SECONDS (default 1), until interrupted.")
    private int watch;

    @Option(names = "--count", defaultValue = "0", paramLabel = "N", hidden = true,
        description = "With --watch: end after so many.")
    private int count;

    @Override
    public Integer call() throws Exception {
        if (watch < 0 || watch > MOST_SECONDS) {
            throw new ParameterException(spec.commandLine(), "--watch is " + watch + ", must be 1 to " + MOST_SECONDS);
        }
        int tables = watch == NOT_WATCHING ? 1 : count == 0 ? Integer.MAX_VALUE : count;
        boolean live = watch != NOT_WATCHING && System.console() != null;
        ControlReply before = sample();
        if (ctl.json() && watch == NOT_WATCHING) {
            return Blkbackctl.OK;
        }
        for (int i = 0; i < tables; i++) {
            TimeUnit.SECONDS.sleep(Math.max(1, watch));
            ControlReply after = sample();
            if (!ctl.json()) {
                show(new StatsTable(before, after).lines(), live, i == 0);
            }
            before = after;
        }
        return Blkbackctl.OK;
    }

    private ControlReply sample() throws Exception {
        return ctl.ask(ControlRequest.ofDevice(ControlRequest.STATS, device));
    }

    private void show(List<String> lines, boolean live, boolean first) {
        if (!live) {
            lines.forEach(ctl::say);
            return;
        }
        StringBuilder screen = new StringBuilder(HOME).append(first ? CLEAR_BELOW : "");
        lines.forEach(line -> screen.append(line).append(CLEAR_LINE).append('\n'));
        spec.commandLine().getOut().print(screen.append(CLEAR_BELOW));
        spec.commandLine().getOut().flush();
    }
}
