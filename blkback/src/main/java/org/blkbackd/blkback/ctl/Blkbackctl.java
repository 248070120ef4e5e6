// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.io.IOException;
import java.nio.file.Path;
import org.blkbackd.blkback.control.ControlCodec;
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import org.blkbackd.blkback.log.OneLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine;

/**
 * {@code blkbackctl}, the command. It ends with 0 when all went well, 1 when the daemon cannot be reached or says no (a
 * line on standard error says why), 2 when it was called wrongly.
 */
@Command(name = "blkbackctl", description = "Look at and steer the Xen block backend.",
    mixinStandardHelpOptions = true, versionProvider = Version.class,
    subcommands = {
        ListCommand.class,
        ShowCommand.class,
        StatsCommand.class,
        ResizeCommand.class,
        LimitCommand.class,
        RetryCommand.class,
        LogLevelCommand.class,
        TakeoverCommand.class,
        PeersCommand.class,
        MigrateCheckCommand.class,
        VersionCommand.class
    })
public final class Blkbackctl implements Runnable {

    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    private static final int MOST_CHARS = 1000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--socket", paramLabel = "PATH", scope = ScopeType.INHERIT,
        description = "The daemon's control socket (default: " + ControlCodec.DEFAULT_SOCKET + ").")
    private Path socket = Path.of(ControlCodec.DEFAULT_SOCKET);

    @Option(names = "--json", scope = ScopeType.INHERIT, description = "Print the daemon's answer as JSON.")
    private boolean json;

    private Blkbackctl() {
    }

    /** Runs one command and ends the process with its exit status. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Blkbackctl())
            .setParameterExceptionHandler(Blkbackctl::misused)
            .setExecutionExceptionHandler(Blkbackctl::failed);
    }

    /** Called when no subcommand is given. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    boolean json() {
        return json;
    }

    /** Asks, and with {@code --json} prints the answer as it is. */
    ControlReply ask(ControlRequest request) throws IOException, ControlException {
        ControlClient.Answer answer = new ControlClient(socket).ask(request);
        if (json) {
            say(answer.line());
        }
        return answer.reply();
    }

    /** Asks what takes longer, or is not to be printed as it is. */
    ControlClient client(long patienceMs) {
        return new ControlClient(socket, patienceMs);
    }

    /** Prints a line; what stands in it is not trusted with the terminal. */
    void say(String line) {
        spec.commandLine().getOut().println(OneLine.of(line, Integer.MAX_VALUE));
    }

    private static int misused(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        complain(command, e.getMessage());
        complain(command, "try: " + command.getCommandSpec().qualifiedName() + " --help");
        return USAGE;
    }

    private static int failed(Exception e, CommandLine command, ParseResult parsed) {
        complain(command, e.getMessage() == null ? e.toString() : e.getMessage());
        return FAILED;
    }

    private static void complain(CommandLine command, String line) {
        command.getErr().println(OneLine.of("blkbackctl: " + line, MOST_CHARS));
    }
}
