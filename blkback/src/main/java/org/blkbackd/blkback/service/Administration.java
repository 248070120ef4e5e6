// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.control.ControlledDevices;
import org.blkbackd.blkback.control.DaemonControls;
import org.blkbackd.blkback.control.PeerView;
import org.blkbackd.blkback.control.TakeoverResult;
import org.blkbackd.blkback.control.server.ControlServer;
import org.blkbackd.blkback.control.server.ServerLoop;
import org.blkbackd.blkback.control.server.SocketFile;
import org.blkbackd.blkback.control.server.SocketTakenException;
import org.blkbackd.blkback.log.LogConfigurator;
import org.blkbackd.blkback.metrics.MetricsServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The servers for administrators, on a thread of their own. Disks are served without them: one that cannot be started
 * is only said in the log.
 */
final class Administration implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Administration.class);

    private final ServerLoop loop = new ServerLoop();
    private final List<Runnable> closings = new ArrayList<>();

    private Administration() {
    }

    /** Makes sure that no other daemon runs here, before this one touches a disk. */
    static void refuseSecondDaemon(BlkbackConfig config, XenHost host) {
        if (config.controlSocket().equals(BlkbackConfig.NONE)) {
            return;
        }
        try {
            SocketFile.prepare(host.runtimeFolder().resolve(config.controlSocket()));
        } catch (SocketTakenException e) {
            throw new IllegalStateException(e.getMessage(), e);
        } catch (IOException e) {
            LOG.debug("the control socket cannot be prepared yet: {}", e.getMessage());
        }
    }

    /** Starts what is configured. */
    static Administration start(BlkbackConfig config, XenHost host, ControlledDevices devices,
        Successors successors, Peers peers) {
        Administration all = new Administration();
        all.open("control-socket", config.controlSocket(), host,
            path -> ControlServer.start(path, devices, new Controls(successors, peers), all.loop.group())::close);
        all.open("metrics-socket", config.metricsSocket(), host,
            path -> MetricsServer.onSocket(path, devices, all.loop.group())::close);
        if (config.metricsPort() != 0) {
            all.open("metrics-port", Integer.toString(config.metricsPort()), host,
                port -> MetricsServer.onPort(config.metricsPort(), devices, all.loop.group())::close);
        }
        return all;
    }

    private interface Opener {
        /** Returns what closes it. */
        Runnable open(Path path) throws IOException;
    }

    private void open(String key, String value, XenHost host, Opener opener) {
        if (value.equals(BlkbackConfig.NONE)) {
            return;
        }
        try {
            closings.add(opener.open(host.runtimeFolder().resolve(value)));
        } catch (IOException | RuntimeException e) {
            LOG.error("{} = {}: {}; disks are served without it", key, value, e.getMessage());
        }
    }

    @Override
    public void close() {
        closings.forEach(Runnable::run);
        loop.close();
    }

    /** Of this program. */
    static String programVersion() {
        String version = Administration.class.getPackage().getImplementationVersion();
        return version == null ? "(not from a jar)" : version;
    }

    private static final class Controls implements DaemonControls {

        private final Successors successors;
        private final Peers peers;

        Controls(Successors successors, Peers peers) {
            this.successors = successors;
            this.peers = peers;
        }

        @Override
        public String version() {
            return programVersion();
        }

        @Override
        public CompletableFuture<TakeoverResult> takeover(boolean checkOnly) {
            return successors.start(checkOnly);
        }

        @Override
        public String logLevel() {
            return LogConfigurator.level();
        }

        @Override
        public void logLevel(String level) {
            LOG.info("the log level is {} from now on", level);
            LogConfigurator.setLevel(level);
        }

        @Override
        public CompletableFuture<List<PeerView>> peers() {
            return peers.views();
        }

        @Override
        public CompletableFuture<Boolean> fence(String peer, boolean off) {
            return peers.fence(peer, off);
        }

        @Override
        public CompletableFuture<List<String>> migrateCheck(String device, String peer) {
            return peers.migrateCheck(device, peer);
        }
    }
}
