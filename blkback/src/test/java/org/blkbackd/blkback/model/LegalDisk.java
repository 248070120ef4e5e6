// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import static org.blkbackd.blkback.model.BrokenRule.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.ForcePolicy;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.FrontendException;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.ToolstackJob;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.xenstore.Xenstore;

/**
 * A disk whose toolstack is libxl and whose driver is blkfront: never wrong, at any moment. Everything the service does
 * to it is held against what it may do.
 */
final class LegalDisk {

    private static final long PATIENCE_MS = 10_000;
    private static final List<String> IN_USE = List.of("io", "io", "io", "io", "io", "io", "io", "io", "io", "io", "io",
        "io", "io", "io", "io", "io", "io", "io", "reap", "reap", "reap", "reap", "reap", "reap", "reap", "reap",
        "close", "kexec", "look");

    private enum Tool { ABSENT, ATTACHING, PRESENT, DETACHING }

    private enum Front { IDLE, OFFERED, CONNECTED, CLOSED }

    /** A request under way. */
    private record Transfer(int operation, int first, int count, long stamp) {
    }

    private final ModelHost host;
    private final String vdev;
    private final Path image;
    private final DiskContent content;
    private final Map<FrontRequest, Transfer> underWay = new HashMap<>();
    private Xenstore guest;
    private SimDomain domain;
    private DiskConfig config;
    private ToolstackJob job;
    private SimFrontend frontend;
    private Tool tool = Tool.ABSENT;
    private Front front = Front.IDLE;

    LegalDisk(ModelHost host, String vdev, Path image, int sectors) {
        this.host = host;
        this.vdev = vdev;
        this.image = image;
        content = new DiskContent(image.getFileName().toString(), sectors);
    }

    /** The disk is a domain's from now on. */
    void boot(Xenstore guestXenstore, SimDomain guestDomain) {
        guest = guestXenstore;
        domain = guestDomain;
    }

    List<String> choices() {
        List<String> choices = new ArrayList<>();
        if (job != null) {
            choices.addAll(List.of("poll", "poll", "poll"));
        }
        switch (front) {
            case IDLE -> choices.addAll(tool == Tool.ABSENT ? List.of("attach") : offers());
            case OFFERED -> choices.addAll(Collections.nCopies(12, "follow"));
            case CONNECTED -> choices.addAll(isStaying() ? IN_USE : List.of("follow"));
            default -> choices.addAll(isStaying() ? Collections.nCopies(6, "reopen") : List.of());
        }
        if (tool == Tool.PRESENT) {
            choices.addAll(List.of("detach", "detach-auto", "detach-force"));
        }
        return choices;
    }

    private List<String> offers() {
        return isStaying() ? Collections.nCopies(12, "offer") : List.of();
    }

    private boolean isStaying() {
        return tool == Tool.ATTACHING || tool == Tool.PRESENT;
    }

    void act(String choice, Random random) {
        switch (choice) {
            case "attach" -> attach(random);
            case "poll" -> poll();
            case "offer" -> offer();
            case "follow" -> follow();
            case "io" -> io(random);
            case "reap" -> reap();
            case "close" -> close();
            case "kexec" -> kexec();
            case "look" -> look();
            case "reopen" -> reopen();
            case "detach" -> detach(ForcePolicy.OFF);
            case "detach-auto" -> detach(ForcePolicy.AUTO);
            default -> detach(ForcePolicy.ON);
        }
    }

    // --- toolstack --------------------------------------------------------------------------------------------------

    private void attach(Random random) {
        String target = (random.nextBoolean() ? "buffered:" : "") + image;
        config = switch (random.nextInt(4)) {
            case 0 -> DiskConfig.qdisk(domain.domid(), vdev, target);
            case 1 -> DiskConfig.vbd3(domain.domid(), vdev, target);
            default -> DiskConfig.vbd(domain.domid(), vdev, target);
        };
        job = host.toolstack.beginAttach(config);
        tool = Tool.ATTACHING;
    }

    private void poll() {
        if (tool == Tool.ATTACHING && config.kind() != DiskConfig.Kind.QDISK) {
            int state = backendState();
            require(state == 1 || state == 2, name() + " was at " + state + " before its script had run");
        }
        if (job.poll()) {
            job = null;
            tool = tool == Tool.ATTACHING ? Tool.PRESENT : Tool.ABSENT;
            if (tool == Tool.ABSENT) {
                requireImageClosed();
                requireUnmapped();
                follow();
            }
        }
    }

    private void detach(ForcePolicy force) {
        host.rules.release(config.backendPath());
        job = host.toolstack.beginDetach(config, force);
        tool = Tool.DETACHING;
        if (front == Front.CLOSED) {
            front = Front.IDLE;
        }
    }

    // --- driver -----------------------------------------------------------------------------------------------------

    private int backendState() {
        String state = host.dom0.readOrNull(config.backendPath() + "/state");
        return state == null ? 0 : Integer.parseInt(state);
    }

    private void offer() {
        if (backendState() == 2) {
            frontend = new SimFrontend(guest, domain, FrontendConfig.of(config.devid()).limit(4, 3));
            frontend.offer();
            front = Front.OFFERED;
        }
    }

    /** Does what blkfront does when the backend's state has changed. */
    private void follow() {
        if (front == Front.OFFERED) {
            followOffered();
        } else if (front == Front.CONNECTED) {
            reap();
            if (frontend.isClosed()) {
                closed();
            }
        }
    }

    private void followOffered() {
        int state = backendState();
        if (state == 4) {
            frontend.awaitConnected(PATIENCE_MS);
            connected();
        } else if (state == 0 || state > 4) {
            require(!isStaying(), name() + " was refused: " + error());
            try {
                frontend.awaitConnected(PATIENCE_MS);
            } catch (FrontendException e) {
                closed();
            }
        }
    }

    private void connected() {
        front = Front.CONNECTED;
        require(frontend.disk().sectors() == content.sectors(), name() + " has " + frontend.disk());
        if (isStaying()) {
            host.rules.guard(config.backendPath());
        }
    }

    private void closed() {
        front = Front.IDLE;
        forgetRequests();
        require(frontend.violations() == 0, name() + " saw a violation");
        requireUnmapped();
    }

    /** A frontend that was removed by force is closed before the backend is. */
    private void requireUnmapped() {
        require(job != null || front != Front.IDLE || frontend == null || frontend.stillMapped() == 0,
            name() + " is closed and still mapped");
    }

    private void close() {
        drain();
        host.rules.release(config.backendPath());
        frontend.close(PATIENCE_MS);
        front = Front.CLOSED;
        requireImageClosed();
    }

    private void kexec() {
        host.rules.release(config.backendPath());
        frontend.crash();
        forgetRequests();
        reopen();
    }

    private void reopen() {
        frontend.kexecReconnect(PATIENCE_MS);
        connected();
    }

    private void look() {
        require(backendState() == 4, name() + " is at " + backendState() + " while it is in use");
        require(error() == null, name() + " has an error node: " + error());
    }

    private String error() {
        return host.dom0.readOrNull(config.backendPath().replace("/backend/", "/error/backend/") + "/error");
    }

    private void requireImageClosed() {
        require(ModelHost.descriptors(image) == 0, name() + " is closed and its image is open");
    }

    // --- requests ---------------------------------------------------------------------------------------------------

    private void io(Random random) {
        int requests = 1 + random.nextInt(4);
        for (int i = 0; i < requests; i++) {
            FrontRequest request = frontend.claim();
            if (request != null && !fill(request, random)) {
                frontend.release(request);
            }
        }
        frontend.kick();
    }

    /** False when the sectors it would be about are in use. */
    private boolean fill(FrontRequest request, Random random) {
        int count = 1 + random.nextInt(request.maxSectors());
        int first = random.nextInt(content.sectors() - count);
        int kind = random.nextInt(10);
        if (kind == 0) {
            submit(request.flush(), new Transfer(Blkif.OP_FLUSH_DISKCACHE, 0, 0, 0));
            return true;
        }
        if (!content.take(first, count)) {
            return false;
        }
        if (kind < 6) {
            long stamp = content.newStamp();
            request.put(DiskContent.data(first, count, stamp));
            submit(request.write(first, count), new Transfer(Blkif.OP_WRITE, first, count, stamp));
        } else {
            submit(request.read(first, count), new Transfer(Blkif.OP_READ, first, count, 0));
        }
        return true;
    }

    private void submit(FrontRequest request, Transfer transfer) {
        underWay.put(request, transfer);
        frontend.submit(request);
    }

    private void reap() {
        for (FrontRequest done = frontend.reap(); done != null; done = frontend.reap()) {
            Transfer transfer = underWay.remove(done);
            require(done.isOkay(), name() + ": " + transfer + " was answered " + done.status());
            finish(done, transfer);
            frontend.release(done);
        }
        require(!isStaying() || frontend.isConnected(), name() + " was closed by the backend");
    }

    private void finish(FrontRequest done, Transfer transfer) {
        content.give(transfer.first, transfer.count);
        if (transfer.operation == Blkif.OP_WRITE) {
            content.written(transfer.first, transfer.count, transfer.stamp);
        } else if (transfer.operation == Blkif.OP_READ) {
            byte[] data = new byte[transfer.count * DiskContent.SECTOR];
            done.get(data);
            content.verify(transfer.first, data);
        }
    }

    private void forgetRequests() {
        for (Transfer transfer : underWay.values()) {
            content.give(transfer.first, transfer.count);
            if (transfer.operation == Blkif.OP_WRITE) {
                content.perhapsWritten(transfer.first, transfer.count, transfer.stamp);
            }
        }
        underWay.clear();
    }

    private void drain() {
        Patience patience = new Patience(PATIENCE_MS);
        while (!underWay.isEmpty()) {
            reap();
            patience.pause(() -> name() + " has no answer to " + underWay.values());
        }
    }

    // --- ends -------------------------------------------------------------------------------------------------------

    /** Everything begun is brought to its end, and what is on the disk is read. */
    void settle() {
        Patience patience = new Patience(2 * PATIENCE_MS);
        while (job != null || front == Front.OFFERED || tool == Tool.ABSENT && front != Front.IDLE) {
            if (job != null) {
                poll();
            }
            follow();
            patience.pause(() -> name() + " stays " + tool + " and " + front + ", backend at " + backendState());
        }
        follow();
        if (front == Front.CONNECTED) {
            drain();
            readAll();
        }
    }

    private void readAll() {
        FrontRequest request = frontend.claim();
        int most = request.maxSectors();
        frontend.release(request);
        for (int first = 0; first < content.sectors(); first += most) {
            int count = Math.min(most, content.sectors() - first);
            submit(frontend.claim().read(first, count), new Transfer(Blkif.OP_READ, first, count, 0));
            frontend.kick();
            drain();
        }
    }

    /** The domain is about to be destroyed: nothing of the guest runs any more. */
    void pulled() {
        if (config != null) {
            host.rules.release(config.backendPath());
        }
        if (front == Front.OFFERED || front == Front.CONNECTED) {
            frontend.crash();
        }
        forgetRequests();
        job = null;
        tool = Tool.ABSENT;
        front = Front.IDLE;
        frontend = null;
    }

    Path image() {
        return image;
    }

    private String name() {
        return config.kind().directory() + "-" + config.domid() + "-" + config.devid();
    }
}
