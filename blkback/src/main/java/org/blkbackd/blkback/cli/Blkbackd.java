// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.cli;

import org.blkbackd.blkback.config.ConfigException;
import org.blkbackd.blkback.demo.DemoCommand;
import org.blkbackd.blkback.log.LogTarget;
import org.blkbackd.blkback.log.OneLine;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine;

/**
 * {@code blkbackd}, the command. It ends with 0 when all went well, 1 when something failed while it ran (a line on
 * standard error says what), 2 when it was called or configured wrongly.
 */
@Command(name = "blkbackd", description = "A Xen PV block backend service.",
    mixinStandardHelpOptions = true, versionProvider = Version.class,
    subcommands = {
        ServeCommand.class,
        DemoCommand.class
    })
public final class Blkbackd implements Runnable {

    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    private static final int MOST_CHARS = 1000;

    @Spec
    private CommandSpec spec;

    private Blkbackd() {
    }

    /** Runs one command and ends the process with its exit status. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return commandLine(CommandLine.defaultFactory());
    }

    /** {@code factory} makes the subcommands. */
    static CommandLine commandLine(CommandLine.IFactory factory) {
        return new CommandLine(new Blkbackd(), factory)
            .setParameterExceptionHandler(Blkbackd::misused)
            .setExecutionExceptionHandler(Blkbackd::failed);
    }

    /** Called when no subcommand is given. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static int misused(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        complain(command, "blkbackd: " + e.getMessage());
        complain(command, "try: " + command.getCommandSpec().qualifiedName() + " --help");
        return USAGE;
    }

    private static int failed(Exception e, CommandLine command, ParseResult parsed) {
        if (e instanceof ConfigException) {
            ((ConfigException) e).problems().forEach(problem -> complain(command, problem));
            return USAGE;
        }
        String message = e.getMessage() == null ? e.getClass().getName() : e.getMessage();
        complain(command, "blkbackd: " + message);
        LoggerFactory.getLogger(Blkbackd.class).debug("stack of the failure above", e);
        return FAILED;
    }

    private static void complain(CommandLine command, String line) {
        String severity = LogTarget.ofStandardError() == LogTarget.JOURNAL ? "<3>" : "";
        command.getErr().println(severity + OneLine.of(line, MOST_CHARS));
    }
}
