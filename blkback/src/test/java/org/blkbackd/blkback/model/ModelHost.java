// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.config.ConfigException;
import org.blkbackd.blkback.config.ConfigLoader;
import org.blkbackd.blkback.service.BlkbackDaemon;
import org.blkbackd.blkback.service.XenHost;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;

/** A simulated host with the real daemon in it, whose every write to xenstore is looked at. */
final class ModelHost implements AutoCloseable {

    static final List<String> KINDS = List.of("vbd", "qdisk", "vbd3");

    final Path folder;
    final SimHypervisor hypervisor;
    final SimXenstored xenstored;
    final Xenstore dom0;
    final SimToolstack toolstack;
    final StateRules rules = new StateRules();
    final FaultLog log = new FaultLog();
    private final List<AutoCloseable> parts = new ArrayList<>();
    /** The daemon's connection. */
    WatchedXenstore daemonXenstore;
    private BlkbackDaemon daemon;
    private int lastDomid;

    ModelHost() {
        folder = temporaryFolder();
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        xenstored = SimXenstored.start(folder);
        dom0 = new PatientXenstore(XenstoreClient.connect(xenstored.socket()));
        toolstack = new SimToolstack(dom0);
        parts.add(this::removeFolder);
        parts.add(hypervisor);
        parts.add(xenstored);
        parts.add(dom0);
        parts.add(log);
        parts.add(() -> daemon.close());
        startDaemon();
    }

    private void startDaemon() {
        daemon = BlkbackDaemon.start(configuration(), new WatchedHost());
    }

    /** As an upgrade does: guests stay connected, and may notice a pause. */
    void restartDaemon() {
        daemon.close();
        startDaemon();
    }

    /** In memory where there is such a place: what is tested is not the storage. */
    private static Path temporaryFolder() {
        Path memory = Path.of("/dev/shm");
        try {
            return Files.isWritable(memory) ? Files.createTempDirectory(memory, "model-")
                : Files.createTempDirectory("model-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private BlkbackConfig configuration() {
        try {
            Path file = folder.resolve("blkbackd.conf");
            Files.writeString(file, "kinds = [vbd, qdisk, vbd3]\nworkers = 2\n");
            return ConfigLoader.load(file, Map.of());
        } catch (IOException | ConfigException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A domain id that was never used. */
    int newDomid() {
        return ++lastDomid;
    }

    /** A connection of a domain's own, closed with the host at the latest. */
    Xenstore connect(int domid) {
        Xenstore guest = new PatientXenstore(XenstoreClient.connect(xenstored.socket(domid)));
        parts.add(guest);
        return guest;
    }

    /** The daemon's domain as {@link XenHost} shows it. */
    private final class WatchedHost implements XenHost {

        private final GrantTable grants = hypervisor.grantTable(0);

        @Override
        public Xenstore connect() {
            daemonXenstore = new WatchedXenstore(XenstoreClient.connect(xenstored.socket()), rules);
            return daemonXenstore;
        }

        @Override
        public GrantTable grantTable() {
            return grants;
        }

        @Override
        public EventChannels newEventChannels() {
            return hypervisor.eventChannels(0);
        }

        @Override
        public Path runtimeFolder() {
            return folder;
        }

        @Override
        public void close() {
            grants.close();
        }
    }

    // --- looking ----------------------------------------------------------------------------------------------------

    /** What the open descriptors of this process point at; numbers of sockets and pipes are left out. */
    static List<String> descriptors() {
        List<String> targets = new ArrayList<>();
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            all.forEach(fd -> {
                try {
                    targets.add(Files.readSymbolicLink(fd).toString().replaceAll(":\\[\\d+]", ""));
                } catch (IOException ignored) {
                    // closed meanwhile
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return targets;
    }

    /** How many of them are of {@code path} or of something below it. */
    static long descriptors(Path path) {
        return descriptors().stream().filter(target -> Path.of(target).startsWith(path)).count();
    }

    /** Every node below {@code path}, for what should be gone. */
    List<String> nodesBelow(String path) {
        List<String> found = new ArrayList<>();
        for (String name : dom0.directory(path)) {
            found.add(path + "/" + name);
            found.addAll(nodesBelow(path + "/" + name));
        }
        return found;
    }

    // ----------------------------------------------------------------------------------------------------------------

    private void removeFolder() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    @Override
    public void close() {
        for (int i = parts.size() - 1; i >= 0; i--) {
            try {
                parts.get(i).close();
            } catch (Exception e) {
                throw new IllegalStateException("closing " + parts.get(i), e);
            }
        }
    }
}
