// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.concurrent.Callable;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl limit DEV [LIMITS]}. */
@Command(name = "limit", description = "Limit what a guest may ask of a disk, or say what its limits are.",
    mixinStandardHelpOptions = true)
final class LimitCommand implements Callable<Integer> {

    @ParentCommand
    private Blkbackctl ctl;

    @Parameters(index = "0", paramLabel = "DEV", description = "vbd-3-51712, 3/xvda, or web/xvda.")
    private String device;

    @Parameters(index = "1", arity = "0..1", paramLabel = "LIMITS",
        description = "iops=N, iops-burst=N, bandwidth=SIZE and bandwidth-burst=SIZE as needed, with commas between,"
            + " for a second; none; or default: what target and settings say.")
    private String limits;

    @Override
    public Integer call() throws Exception {
        ControlReply reply = ctl.ask(ControlRequest.limit(device, limits));
        if (!ctl.json()) {
            reply.lines().forEach(words -> ctl.say(device + ": " + words));
        }
        return Blkbackctl.OK;
    }
}
