// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.util.List;
import java.util.Random;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.ForcePolicy;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontRing;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.FrontendException;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.blkback.sim.ToolstackException;
import org.blkbackd.blkback.sim.ToolstackJob;
import org.blkbackd.blkback.sim.ToolstackTimeouts;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;

/**
 * A guest that writes what it likes when it likes, and an administrator whose hand slips. What comes of it for this
 * guest is of no interest; when it is gone, nothing of it may be left.
 */
final class HostileGuest implements Actor {

    private static final long PATIENCE_MS = 10_000;
    private static final int DISKS = 2;
    private static final List<String> CHOICES = List.of("attach", "attach", "poll", "poll", "detach", "force",
        "destroy", "vanish", "offer", "offer", "connect", "connect", "io", "io", "reap", "crash", "close", "garbage",
        "garbage", "overrun", "fe-state", "fe-state", "fe-state", "fe-write", "fe-write", "fe-remove", "be-state",
        "be-state", "be-write", "be-write", "be-remove", "be-clear", "fe-clear", "libxl-clear", "copy-fault");
    private static final List<String> FRONTEND_NODES = List.of("state", "ring-ref", "ring-ref0", "ring-ref1",
        "event-channel", "protocol", "ring-page-order", "multi-queue-num-queues", "queue-0/ring-ref",
        "queue-0/event-channel", "queue-1/ring-ref", "feature-persistent", "feature-large-sector-size", "backend",
        "backend-id");
    private static final List<String> BACKEND_NODES = List.of("state", "online", "params", "mode", "type",
        "device-type", "removable", "script", "frontend", "frontend-id", "hotplug-status", "blkbackd-status",
        "discard-enable", "direct-io-safe", "sectors", "physical-device", "feature-flush-cache");
    private static final List<String> NONSENSE = List.of("", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "-1",
        "abc", "r", "w", "connected", "ready", "error", "cdrom", "x86_32-abi", "x86_64-abi", "4294967296",
        "99999999999999999999", "1\n2", " 1", "memory:64K", "null:1T", "direct:/", "aio:", "/dev/null", "\u0001\uFFFD",
        "x".repeat(1000));

    private final ModelHost host;
    private final SimToolstack hasty;
    private final DiskConfig[] disks = new DiskConfig[DISKS];
    private final SimFrontend[] frontends = new SimFrontend[DISKS];
    private final ToolstackJob[] jobs = new ToolstackJob[DISKS];
    private boolean tampered;
    private int domid;
    private Xenstore guest;
    private SimDomain domain;

    HostileGuest(ModelHost host) {
        this.host = host;
        hasty = new SimToolstack(host.dom0, new ToolstackTimeouts(30, 30, 30));
        boot();
    }

    private void boot() {
        domid = host.newDomid();
        tampered = false;
        host.xenstored.introduce(domid);
        host.toolstack.createDomain(domid);
        guest = host.connect(domid);
        domain = host.hypervisor.domain(domid);
        for (int i = 0; i < DISKS; i++) {
            disks[i] = DiskConfig.vbd(domid, "xvd" + (char) ('a' + i), "memory:64K");
            frontends[i] = null;
            jobs[i] = null;
        }
    }

    @Override
    public List<String> choices() {
        return CHOICES;
    }

    @Override
    public void act(String choice, long dice) {
        Random random = new Random(dice);
        int disk = random.nextInt(DISKS);
        try {
            switch (choice) {
                case "attach", "poll", "detach", "force" -> toolstack(choice, disk, random);
                case "destroy" -> destroy();
                case "vanish" -> vanish();
                case "offer", "connect", "io", "reap", "crash", "close", "garbage", "overrun" ->
                    frontend(choice, disk, random);
                default -> nodes(choice, disk, random);
            }
        } catch (ToolstackException | FrontendException | XenstoreException | GrantException
                 | IllegalStateException | IllegalArgumentException expected) {
            // What it did made no sense.
        }
    }

    private static String any(List<String> words, Random random) {
        return words.get(random.nextInt(words.size()));
    }

    // --- toolstack --------------------------------------------------------------------------------------------------

    private void toolstack(String choice, int disk, Random random) {
        switch (choice) {
            case "attach" -> {
                disks[disk] = random.nextBoolean() ? DiskConfig.vbd(domid, disks[disk].vdev(), "memory:64K")
                    : DiskConfig.qdisk(domid, disks[disk].vdev(), random.nextInt(4) > 0 ? "memory:64K" : "nonsense");
                jobs[disk] = hasty.beginAttach(disks[disk]);
            }
            case "poll" -> {
                if (jobs[disk] != null && jobs[disk].poll()) {
                    jobs[disk] = null;
                }
            }
            default -> jobs[disk] = hasty.beginDetach(disks[disk], choice.equals("force") ? ForcePolicy.ON
                : ForcePolicy.OFF);
        }
    }

    /** However a guest behaves, libxl can destroy it in its time, unless the administrator was in between. */
    private void destroy() {
        forgetFrontends();
        try {
            (tampered ? hasty : host.toolstack).destroyDomain(domid);
        } catch (ToolstackException | XenstoreException e) {
            if (!tampered) {
                throw new BrokenRule("xl destroy fails: " + e.getMessage());
            }
        }
        bury();
        boot();
    }

    /** The domain dies, and the toolstack hears of it later. */
    private void vanish() {
        forgetFrontends();
        tampered = true;
        guest.close();
        host.xenstored.release(domid);
        domain.destroy();
        destroy();
    }

    private void forgetFrontends() {
        for (int i = 0; i < DISKS; i++) {
            if (frontends[i] != null) {
                frontends[i].crash();
                frontends[i] = null;
            }
        }
    }

    private void bury() {
        for (String kind : ModelHost.KINDS) {
            host.dom0.remove("/local/domain/0/backend/" + kind + "/" + domid);
        }
        host.dom0.remove("/local/domain/" + domid);
        host.dom0.remove("/libxl/" + domid);
        host.hypervisor.faults().clear();
        Patience patience = new Patience(PATIENCE_MS);
        while (domain.mappedGrants() > 0) {
            patience.pause(() -> "domain " + domid + " is gone, and its ring is mapped");
        }
        guest.close();
        host.xenstored.release(domid);
        domain.destroy();
    }

    // --- driver -----------------------------------------------------------------------------------------------------

    private void frontend(String choice, int disk, Random random) {
        if (choice.equals("offer")) {
            if (frontends[disk] != null) {
                frontends[disk].crash();
            }
            FrontendConfig config = random.nextInt(3) > 0 ? FrontendConfig.of(disks[disk].devid())
                : FrontendConfig.x86With32Bits(disks[disk].devid());
            frontends[disk] = new SimFrontend(guest, domain, config.limit(4, 2));
            frontends[disk].offer();
        } else if (frontends[disk] != null) {
            withFrontend(choice, frontends[disk], disks[disk], random);
        }
    }

    private void withFrontend(String choice, SimFrontend frontend, DiskConfig disk, Random random) {
        switch (choice) {
            case "connect" -> {
                if ("4".equals(host.dom0.readOrNull(disk.backendPath() + "/state"))) {
                    frontend.awaitConnected(0);
                }
            }
            case "io" -> io(frontend, random);
            case "reap" -> {
                for (FrontRequest done = frontend.reap(); done != null; done = frontend.reap()) {
                    frontend.release(done);
                }
            }
            case "crash" -> frontend.crash();
            case "close" -> frontend.close(1);
            default -> garbage(choice, frontend, random);
        }
    }

    private static void io(SimFrontend frontend, Random random) {
        for (int i = 0; i < 3; i++) {
            FrontRequest request = frontend.claim();
            if (request != null) {
                frontend.submit(request.write(random.nextInt(200), 1 + random.nextInt(request.maxSectors())));
            }
        }
        frontend.kick();
    }

    private void garbage(String choice, SimFrontend frontend, Random random) {
        FrontRing ring = frontend.ring();
        if (ring == null) {
            return;
        }
        int port = frontend.port();
        if (choice.equals("overrun")) {
            ring.shared().reqProd(random.nextInt());
        } else {
            for (int i = random.nextInt(20); i >= 0; i--) {
                int slot = ring.claim();
                ring.header(slot, random.nextInt(8), random.nextInt(14), random.nextLong(), random.nextInt(300) - 20);
                for (int segment = 0; segment < Blkif.MAX_SEGMENTS; segment++) {
                    ring.segment(slot, segment, random.nextInt(40), random.nextInt(9), random.nextInt(9));
                }
            }
            ring.push();
        }
        domain.eventChannels().notify(port);
    }

    // --- nodes ------------------------------------------------------------------------------------------------------

    private void nodes(String choice, int disk, Random random) {
        String fe = disks[disk].frontendPath() + "/";
        String be = disks[disk].backendPath() + "/";
        if (!choice.startsWith("fe-") || choice.equals("fe-clear")) {
            tampered = true;
        }
        switch (choice) {
            case "fe-state" -> guest.write(fe + "state", Integer.toString(random.nextInt(9)));
            case "fe-write" -> guest.write(fe + any(FRONTEND_NODES, random), any(NONSENSE, random));
            case "fe-remove" -> guest.remove(fe + any(FRONTEND_NODES, random));
            case "be-state" -> host.dom0.write(be + "state", Integer.toString(random.nextInt(9)));
            case "be-write" -> host.dom0.write(be + any(BACKEND_NODES, random), any(NONSENSE, random));
            case "be-remove" -> host.dom0.remove(be + any(BACKEND_NODES, random));
            case "be-clear" -> host.dom0.remove(disks[disk].backendPath());
            case "fe-clear" -> host.dom0.remove(disks[disk].frontendPath());
            case "libxl-clear" -> host.dom0.remove(disks[disk].libxlPath());
            default -> host.hypervisor.faults().failCopy(domid, 8 + random.nextInt(40), -1, 1 + random.nextInt(3));
        }
    }

    @Override
    public void close() {
        forgetFrontends();
        try {
            (tampered ? hasty : host.toolstack).destroyDomain(domid);
        } catch (ToolstackException | XenstoreException e) {
            BrokenRule.require(tampered, "xl destroy fails: " + e.getMessage());
        }
        bury();
    }
}
