// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.power;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.service.BlkbackDaemon;
import org.blkbackd.blkback.service.XenHost;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;
import org.blkbackd.ioengine.sim.DiskLog;
import org.blkbackd.ioengine.sim.RecordingDisk;
import org.blkbackd.ioengine.sim.SlowDisk;
import org.blkbackd.ioengine.sim.WrappingProvider;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;

/** A simulated host with the real daemon, whose one file disk answers out of order and is recorded below that. */
final class PowerHost implements AutoCloseable {

    private static final int GUEST = 1;
    private static final int QUEUES = 2;
    private static final long PATIENCE_MS = 20_000;
    private static final BlkbackConfig SETTINGS = new BlkbackConfig(List.of("vbd"), "direct", QUEUES, 4, "info");

    private final SimHypervisor hypervisor;
    private final SimXenstored xenstored;
    private final Xenstore dom0;
    private final SimToolstack toolstack;
    private final SimDomain domain;
    private final Xenstore guest;
    private final BlkbackDaemon daemon;
    private final DiskConfig disk;
    private final SimFrontend frontend;
    private volatile RecordingDisk recording;

    /** @param recorder puts the recording around the file's disk */
    PowerHost(Path folder, String scheme, long imageBytes, long seed, Function<Disk, RecordingDisk> recorder)
        throws IOException {
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        xenstored = SimXenstored.start(Files.createDirectory(folder.resolve("xenstored")));
        dom0 = XenstoreClient.connect(xenstored.socket());
        toolstack = new SimToolstack(dom0);
        xenstored.introduce(GUEST);
        toolstack.createDomain(GUEST);
        domain = hypervisor.domain(GUEST);
        guest = XenstoreClient.connect(xenstored.socket(GUEST));
        Random delays = new Random(seed);
        daemon = BlkbackDaemon.start(SETTINGS, XenHost.simulated(folder), List.of(new WrappingProvider(
            new FileProvider(FileOptions.DEFAULTS.withIoThreads(4)), file -> {
                recording = recorder.apply(SlowDisk.wrap(file, request -> delays.nextInt(3)));
                return recording;
            })));
        Path image = folder.resolve("a.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(imageBytes);
        }
        disk = DiskConfig.vbd(GUEST, "xvda", scheme + ":" + image);
        toolstack.attach(disk);
        frontend = new SimFrontend(guest, domain, FrontendConfig.of(disk.devid()).withQueues(QUEUES));
        frontend.connect(PATIENCE_MS);
    }

    SimFrontend frontend() {
        return frontend;
    }

    DiskLog log() {
        return recording.log();
    }

    @Override
    public void close() {
        frontend.close(PATIENCE_MS);
        toolstack.detach(disk);
        daemon.close();
        guest.close();
        domain.close();
        dom0.close();
        xenstored.close();
        hypervisor.close();
    }
}
