// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.config.ConfigLoader;
import org.blkbackd.blkback.log.LogConfigurator;
import org.blkbackd.blkback.log.OneLine;
import org.blkbackd.blkback.service.BlkbackDaemon;
import org.blkbackd.blkback.service.Launch;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code blkbackd serve}: the daemon in the foreground, until SIGTERM or SIGINT. */
@Command(name = "serve", description = "Serve disks until told to stop (SIGTERM or SIGINT).",
    mixinStandardHelpOptions = true, versionProvider = Version.class)
final class ServeCommand implements Callable<Integer> {

    /** Makes a daemon that is ready when this returns, and that close() ends in order. */
    @FunctionalInterface
    interface Starter {
        AutoCloseable start(Launch launch, String xen) throws Exception;
    }

    /** Starts a daemon, keeps it for as long as it should run, and closes it. */
    @FunctionalInterface
    interface Keeper {
        void keep(Callable<AutoCloseable> start) throws Exception;
    }

    private static final String REAL_XEN = "xen";
    private static final String SIM_PREFIX = "sim:";

    private final Starter starter;
    private final Keeper keeper;

    @Spec
    private CommandSpec spec;

    @Option(names = "--config", paramLabel = "FILE",
        description = "Settings; without it /etc/blkbackd/blkbackd.conf, if there is one.")
    private Path config;

    @Option(names = "--xen", paramLabel = "XEN", defaultValue = REAL_XEN,
        description = "xen (the default), or sim:DIR for a simulated Xen in a folder.")
    private String xen;

    @Option(names = "--kinds", paramLabel = "K,K",
        description = "Device kinds to serve in place of the settings' kinds: vbd, qdisk, vbd3.")
    private String kinds;

    @ArgGroup(exclusive = false)
    private Succession succession;

    /** Belong together. */
    static final class Succession {

        @Option(names = "--takeover", required = true,
            description = "Take over from the daemon that runs, without the guests' noticing.")
        private boolean takeover;

        @Option(names = "--check", description = "With --takeover: only say what would be in the way.")
        private boolean check;
    }

    ServeCommand() {
        this(BlkbackDaemon::start, StopOnSignal::serve);
    }

    ServeCommand(Starter starter, Keeper keeper) {
        this.starter = starter;
        this.keeper = keeper;
    }

    @Override
    public Integer call() throws Exception {
        if (!xen.equals(REAL_XEN) && (!xen.startsWith(SIM_PREFIX) || xen.equals(SIM_PREFIX))) {
            throw new ParameterException(spec.commandLine(), "--xen " + xen + ": must be xen or sim:DIR");
        }
        BlkbackConfig settings = ConfigLoader.load(config, kinds == null ? Map.of() : Map.of("kinds", kinds));
        LogConfigurator.setLevel(settings.logLevel());
        if (succession != null && succession.check) {
            return check(settings);
        }
        Launch.Mode mode = succession == null ? Launch.Mode.SERVE : Launch.Mode.TAKE_OVER;
        keeper.keep(() -> starter.start(new Launch(settings, mode, arguments()), xen));
        return Blkbackd.OK;
    }

    private int check(BlkbackConfig settings) {
        List<String> obstacles = BlkbackDaemon.obstacles(new Launch(settings, Launch.Mode.CHECK, List.of()), xen);
        (obstacles.isEmpty() ? List.of("nothing is in the way") : obstacles)
            .forEach(line -> spec.commandLine().getOut().println(OneLine.of(line, Integer.MAX_VALUE)));
        return obstacles.isEmpty() ? Blkbackd.OK : Blkbackd.FAILED;
    }

    /** What was said here, for a successor. */
    private List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of("--xen", xen));
        if (config != null) {
            arguments.addAll(List.of("--config", config.toAbsolutePath().toString()));
        }
        if (kinds != null) {
            arguments.addAll(List.of("--kinds", kinds));
        }
        return arguments;
    }
}
