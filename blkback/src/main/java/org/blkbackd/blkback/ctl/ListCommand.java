// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.concurrent.Callable;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import org.blkbackd.blkback.control.DeviceView;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl list}. */
@Command(name = "list", description = "All disks: guest, device, image, size, state.", mixinStandardHelpOptions = true)
final class ListCommand implements Callable<Integer> {

    @ParentCommand
    private Blkbackctl ctl;

    @Override
    public Integer call() throws Exception {
        ControlReply reply = ctl.ask(ControlRequest.of(ControlRequest.LIST));
        if (!ctl.json()) {
            Table table = new Table("DEVICE", "GUEST", "VDEV", "SIZE>", "MODE", "ENGINE", "STATE", "TARGET");
            for (DeviceView view : reply.devices()) {
                table.row(view.name(), view.domain() == null ? view.domid() : view.domain(), view.vdev(),
                    view.sectors() == 0 ? null : Units.bytes(view.bytes()), view.mode(), view.engine(),
                    state(view), view.target());
            }
            table.lines().forEach(ctl::say);
        }
        return Blkbackctl.OK;
    }

    /** A guest waits for what is held, so that is part of the state; and a parked disk is not in use. */
    private static String state(DeviceView view) {
        boolean parked = view.parking() != null && view.parking().parked();
        return (parked ? "parked" : view.backendState()) + (view.held() == 0 ? "" : " held=" + view.held());
    }
}
