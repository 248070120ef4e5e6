// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import java.nio.file.Path;
import java.util.Map;
import org.blkbackd.blkback.statistics.StatisticsFolder;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.grant.xen.XenEventChannels;
import org.blkbackd.grant.xen.XenGrantTable;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.client.XenstoreLocation;

/** Where the daemon runs: on Xen, or on a simulated Xen in a folder. The one place that knows the difference. */
public interface XenHost extends AutoCloseable {

    /** The word on the command line for a real host. */
    String REAL = "xen";
    /** The prefix on the command line for a folder. */
    String SIM = "sim:";

    /** A connection to xenstored, the caller's to close. */
    Xenstore connect();

    /** The grant table, closed with the host. */
    GrantTable grantTable();

    /** A handle of its own for each worker. */
    EventChannels newEventChannels();

    /** Where the disks' counters are published. */
    default Path statistics() {
        return StatisticsFolder.DEFAULT;
    }

    /** Where the daemon's own sockets are, unless their paths are absolute; and the journals of the rings. */
    Path runtimeFolder();

    @Override
    void close();

    /**
     * The host that {@code --xen} names.
     *
     * @param environment where XENSTORED_PATH and XENSTORED_RUNDIR are looked up
     * @throws IllegalArgumentException for any other word
     */
    static XenHost of(String word, Map<String, String> environment) {
        if (word.equals(REAL)) {
            return new Real(environment);
        }
        if (word.startsWith(SIM) && word.length() > SIM.length()) {
            return simulated(Path.of(word.substring(SIM.length())));
        }
        throw new IllegalArgumentException("--xen is \"" + word + "\", must be " + REAL + " or " + SIM + "DIR");
    }

    /** A simulated host in {@code folder}. */
    static XenHost simulated(Path folder) {
        return new Simulated(folder);
    }

    /** A host with a hypervisor. */
    final class Real implements XenHost {

        private final Map<String, String> environment;
        private final GrantTable grants = XenGrantTable.open();

        private Real(Map<String, String> environment) {
            this.environment = environment;
        }

        @Override
        public Xenstore connect() {
            return XenstoreClient.connect(XenstoreLocation.find(environment));
        }

        @Override
        public GrantTable grantTable() {
            return grants;
        }

        @Override
        public EventChannels newEventChannels() {
            return XenEventChannels.open();
        }

        @Override
        public Path runtimeFolder() {
            return Path.of("/run/blkbackd");
        }

        @Override
        public void close() {
            grants.close();
        }
    }

    /** A simulated hypervisor in a folder, with a simulated xenstored that somebody runs beside it. */
    final class Simulated implements XenHost {

        private static final int SELF = 0;

        private final Path folder;
        private final SimHypervisor hypervisor;
        private final GrantTable grants;

        private Simulated(Path folder) {
            this.folder = folder;
            hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
            grants = hypervisor.grantTable(SELF);
        }

        @Override
        public Xenstore connect() {
            return XenstoreClient.connect(folder.resolve("xenstored/socket"));
        }

        @Override
        public GrantTable grantTable() {
            return grants;
        }

        @Override
        public EventChannels newEventChannels() {
            return hypervisor.eventChannels(SELF);
        }

        @Override
        public Path statistics() {
            return folder.resolve(StatisticsFolder.DEFAULT.getFileName());
        }

        @Override
        public Path runtimeFolder() {
            return folder;
        }

        @Override
        public void close() {
            grants.close();
            hypervisor.close();
        }
    }
}
