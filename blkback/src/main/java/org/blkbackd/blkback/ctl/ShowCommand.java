// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.concurrent.Callable;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import org.blkbackd.blkback.control.DeviceView;
import org.blkbackd.blkback.control.ParkCounts;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl show DEV}. */
@Command(name = "show", description = "Everything about one disk.", mixinStandardHelpOptions = true)
final class ShowCommand implements Callable<Integer> {

    private static final int LABEL_WIDTH = 18;

    @ParentCommand
    private Blkbackctl ctl;

    @Parameters(paramLabel = "DEV", description = "vbd-3-51712, 3/xvda, or with the guest's name: web/xvda.")
    private String device;

    @Override
    public Integer call() throws Exception {
        ControlReply reply = ctl.ask(ControlRequest.ofDevice(ControlRequest.SHOW, device));
        if (!ctl.json()) {
            reply.devices().forEach(this::show);
        }
        return Blkbackctl.OK;
    }

    private void show(DeviceView view) {
        line("device", view.name());
        line("guest", view.domid() + (view.domain() == null ? "" : " (" + view.domain() + ")"));
        line("vdev", view.vdev() + " (" + view.devid() + ")");
        line("target", view.target());
        line("engine", view.engine());
        line("mode", view.mode() == null ? null : "r".equals(view.mode()) ? "read-only" : "read-write");
        line("size", view.sectors() == 0 ? null
            : Units.bytes(view.bytes()) + " (" + view.sectors() + " sectors of " + DeviceView.SECTOR_BYTES + ")");
        line("physical sector", view.physicalSectorSize() == 0 ? null : view.physicalSectorSize());
        line("state", "backend " + view.backendState() + ", frontend " + view.frontendState());
        line("rings", view.queues() == 0 ? null : view.queues() + " of " + view.ringPages() + " pages");
        line("limits", view.limits());
        line("in flight", view.inFlight());
        line("held", view.held() == 0 ? "0" : view.held() + " (see the last error; blkbackctl retry "
            + view.name() + ")");
        line("parked", parked(view.parking()));
        line("last error", view.lastError());
    }

    private static String parked(ParkCounts parking) {
        return parking == null ? "never" : (parking.parked() ? "now, while its guest is suspended; " : "")
            + parking.parks() + " in all, went on after " + parking.unparks();
    }

    private void line(String label, Object value) {
        ctl.say((label + " ".repeat(LABEL_WIDTH)).substring(0, LABEL_WIDTH) + (value == null ? "-" : value));
    }
}
