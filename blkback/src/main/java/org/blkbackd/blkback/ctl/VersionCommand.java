// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.concurrent.Callable;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl version}. */
@Command(name = "version", description = "Versions of this command and of the running daemon.",
    mixinStandardHelpOptions = true)
final class VersionCommand implements Callable<Integer> {

    @ParentCommand
    private Blkbackctl ctl;

    @Override
    public Integer call() throws Exception {
        if (!ctl.json()) {
            ctl.say("blkbackctl " + Version.own());
        }
        ControlReply reply = ctl.ask(ControlRequest.of(ControlRequest.VERSION));
        if (!ctl.json()) {
            ctl.say("blkbackd   " + reply.daemon());
        }
        return Blkbackctl.OK;
    }
}
