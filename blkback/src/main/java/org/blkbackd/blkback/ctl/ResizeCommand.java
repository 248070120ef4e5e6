// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.concurrent.Callable;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl resize DEV [SIZE]}. */
@Command(name = "resize", description = "Make a disk larger while the guest uses it.", mixinStandardHelpOptions = true)
final class ResizeCommand implements Callable<Integer> {

    @ParentCommand
    private Blkbackctl ctl;

    @Parameters(index = "0", paramLabel = "DEV", description = "vbd-3-51712, 3/xvda, or web/xvda.")
    private String device;

    @Parameters(index = "1", arity = "0..1", paramLabel = "SIZE", converter = Units.class,
        description = "New size, such as 512M, 10G or 1T; without it the image is measured again.")
    private Long bytes;

    @Override
    public Integer call() throws Exception {
        ControlReply reply = ctl.ask(ControlRequest.resize(device, bytes));
        if (!ctl.json()) {
            ctl.say(device + " has " + reply.bytes() + " bytes (" + Units.bytes(reply.bytes()) + ")");
        }
        return Blkbackctl.OK;
    }
}
