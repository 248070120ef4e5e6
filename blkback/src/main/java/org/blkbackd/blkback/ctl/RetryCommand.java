// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.concurrent.Callable;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl retry DEV} and {@code blkbackctl retry --all}. */
@Command(name = "retry", description = "Try again what the storage failed and the guest was not told.",
    mixinStandardHelpOptions = true)
final class RetryCommand implements Callable<Integer> {

    @ParentCommand
    private Blkbackctl ctl;

    @ArgGroup(multiplicity = "1")
    private Which which;

    /** One of them. */
    static final class Which {

        @Parameters(paramLabel = "DEV", description = "vbd-3-51712, 3/xvda, or web/xvda.")
        private String device;

        @Option(names = "--all", description = "All disks that hold requests.")
        private boolean all;
    }

    @Override
    public Integer call() throws Exception {
        ControlReply reply = ctl.ask(ControlRequest.ofDevice(ControlRequest.RETRY, which.device));
        if (!ctl.json()) {
            ctl.say(switch (reply.retried()) {
                case 0 -> "nothing is held";
                case 1 -> "1 request is tried again";
                default -> reply.retried() + " requests are tried again";
            });
        }
        return Blkbackctl.OK;
    }
}
