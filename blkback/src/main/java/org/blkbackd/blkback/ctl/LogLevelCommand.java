// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.ArrayList;
import java.util.concurrent.Callable;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import org.blkbackd.blkback.control.DaemonControls;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl log-level [LEVEL]}. */
@Command(name = "log-level", description = "Print or set how much the daemon logs, until it ends.",
    mixinStandardHelpOptions = true)
final class LogLevelCommand implements Callable<Integer> {

    @ParentCommand
    private Blkbackctl ctl;

    @Parameters(arity = "0..1", paramLabel = "LEVEL", description = "error, warn, info, debug or trace.",
        completionCandidates = Levels.class)
    private String level;

    /** For completion on the command line. */
    static final class Levels extends ArrayList<String> {
        Levels() {
            super(DaemonControls.LOG_LEVELS);
        }
    }

    @Override
    public Integer call() throws Exception {
        ControlReply reply = ctl.ask(ControlRequest.logLevel(level));
        if (!ctl.json()) {
            ctl.say(reply.level());
        }
        return Blkbackctl.OK;
    }
}
