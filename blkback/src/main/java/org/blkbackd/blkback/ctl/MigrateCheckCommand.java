// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.concurrent.Callable;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl migrate-check DEV PEER}. */
@Command(name = "migrate-check", description = "Say what would be in the way of a guest's disk to another host.",
    mixinStandardHelpOptions = true)
final class MigrateCheckCommand implements Callable<Integer> {

    @ParentCommand
    private Blkbackctl ctl;

    @Parameters(index = "0", paramLabel = "DEV", description = "vbd-3-51712, 3/xvda, or web/xvda.")
    private String device;

    @Parameters(index = "1", paramLabel = "PEER", description = "The other host, as blkbackctl peers names it.")
    private String peer;

    @Override
    public Integer call() throws Exception {
        ControlReply reply = ctl.ask(ControlRequest.ofPeer(ControlRequest.MIGRATE_CHECK, device, peer));
        if (!ctl.json()) {
            reply.lines().forEach(ctl::say);
            if (reply.lines().isEmpty()) {
                ctl.say("nothing is in the way");
            }
        }
        return reply.lines().isEmpty() ? Blkbackctl.OK : Blkbackctl.FAILED;
    }
}
