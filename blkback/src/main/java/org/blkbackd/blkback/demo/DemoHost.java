// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.service.BlkbackDaemon;
import org.blkbackd.blkback.service.XenHost;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;

/** A simulated host in a folder: hypervisor, xenstored, toolstack, one guest, and the real daemon unless told not. */
final class DemoHost implements AutoCloseable {

    private static final int GUEST = 1;
    private static final long PATIENCE_MS = 10_000;

    private final Path folder;
    private final boolean temporary;
    private final SimXenstored xenstored;
    private final SimHypervisor hypervisor;
    private final Xenstore dom0;
    private final Xenstore guest;
    private final SimToolstack toolstack;
    private final SimDomain domain;
    private final BlkbackDaemon daemon;

    /** @param given a folder in which somebody else runs the daemon, or null for a temporary one with its own */
    DemoHost(Path given) throws IOException {
        temporary = given == null;
        folder = temporary ? Files.createTempDirectory("blkbackd-demo-") : Files.createDirectories(given);
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        xenstored = SimXenstored.start(Files.createDirectories(folder.resolve("xenstored")));
        dom0 = XenstoreClient.connect(xenstored.socket());
        toolstack = new SimToolstack(dom0);
        xenstored.introduce(GUEST);
        toolstack.createDomain(GUEST);
        guest = XenstoreClient.connect(xenstored.socket(GUEST));
        domain = hypervisor.domain(GUEST);
        daemon = temporary ? BlkbackDaemon.start(BlkbackConfig.DEFAULTS, XenHost.simulated(folder)) : null;
    }

    /** As {@code xl block-attach}, then the guest's driver. */
    SimFrontend attach(DiskConfig disk, FrontendConfig config) {
        toolstack.attach(disk);
        SimFrontend frontend = new SimFrontend(guest, domain, config);
        frontend.connect(PATIENCE_MS);
        return frontend;
    }

    /** As {@code xl block-detach}, to which the guest agrees. */
    void detach(DiskConfig disk, SimFrontend frontend) {
        frontend.close(PATIENCE_MS);
        toolstack.detach(disk);
    }

    static DiskConfig disk(String engine, Path image) {
        return DiskConfig.vbd(GUEST, "xvda", engine + ":" + image);
    }

    @Override
    public void close() throws IOException {
        if (daemon != null) {
            daemon.close();
        }
        guest.close();
        dom0.close();
        domain.close();
        xenstored.close();
        hypervisor.close();
        if (temporary) {
            removeAll(folder);
        }
    }

    private static void removeAll(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
