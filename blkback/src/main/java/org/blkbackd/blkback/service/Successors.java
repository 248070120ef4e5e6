// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.control.ControlError;
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.TakeoverResult;
import org.blkbackd.blkback.device.HandOver;
import org.blkbackd.blkback.handover.Takeover;
import org.blkbackd.blkback.handover.TakeoverServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the daemon's successor when it is asked to, and ends the daemon when a successor serves. Thread-safe. */
final class Successors implements TakeoverServer.Daemon, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Successors.class);
    /** Set by bin/blkbackd: itself, which after an upgrade is the new version's. */
    private static final String LAUNCHER = "blkbackd.launcher";
    private static final long CONNECT_S = 120;

    private final List<String> arguments;
    private final Runnable stepAside;
    private final Runnable leave;
    private TakeoverServer server;
    private Process child;
    private CompletableFuture<TakeoverResult> answer;

    /**
     * @param arguments of {@code blkbackd serve} for this daemon and its successor
     * @param stepAside closes what a successor opens for itself
     * @param leave     ends the process
     */
    Successors(List<String> arguments, Runnable stepAside, Runnable leave) {
        this.arguments = arguments;
        this.stepAside = stepAside;
        this.leave = leave;
    }

    /** Lets successors come. The daemon serves disks without that, too. */
    synchronized void listen(Path folder, HandOver devices, String program) {
        try {
            openJars();
            server = TakeoverServer.start(folder.resolve(Takeover.SOCKET), devices, program, this);
        } catch (IOException | RuntimeException e) {
            LOG.error("no successor can take over: {}", e.getMessage());
        }
    }

    /**
     * Classes that were not needed so far are loaded from the jars that are open, not from those that an upgrade puts
     * in their place.
     */
    private static void openJars() throws IOException {
        Collections.list(Successors.class.getClassLoader().getResources("META-INF/MANIFEST.MF"));
    }

    /** As {@link org.blkbackd.blkback.control.DaemonControls#takeover}. */
    synchronized CompletableFuture<TakeoverResult> start(boolean checkOnly) {
        String launcher = System.getProperty(LAUNCHER);
        if (launcher == null) {
            return refusal(ControlError.FAILED, "the daemon does not know how it was started; start the new one with:"
                + " blkbackd serve --takeover");
        }
        if (answer != null) {
            return refusal(ControlError.BUSY, "a hand-over is under way already");
        }
        List<String> command = new ArrayList<>(List.of(launcher, "serve", "--takeover"));
        if (checkOnly) {
            command.add("--check");
        }
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO().redirectInput(new File("/dev/null"));
        // The one that systemd sets is this process's.
        builder.environment().remove("WATCHDOG_PID");
        CompletableFuture<TakeoverResult> begun = new CompletableFuture<>();
        try {
            Process started = builder.start();
            child = started;
            answer = begun;
            started.onExit().thenAccept(this::onExit);
            CompletableFuture.delayedExecutor(CONNECT_S, TimeUnit.SECONDS).execute(() -> onSilence(started));
        } catch (IOException e) {
            return refusal(ControlError.FAILED, "the successor cannot be started: " + e.getMessage());
        }
        return begun;
    }

    private static CompletableFuture<TakeoverResult> refusal(ControlError error, String why) {
        return CompletableFuture.failedFuture(new ControlException(error, why));
    }

    private synchronized void onSilence(Process late) {
        if (late == child && !server.isBusy()) {
            LOG.error("the successor has not asked for anything in {} s: killed", CONNECT_S);
            late.destroyForcibly();
        }
    }

    /** What it came to is told by {@link #ended}, unless it never came to anything. */
    private synchronized void onExit(Process gone) {
        if (gone == child && (server == null || !server.isBusy())) {
            complete(new TakeoverResult(false, gone.pid(), List.of("the successor ended with status "
                + gone.exitValue() + " before it asked for anything; its own words are where the daemon logs")));
        }
    }

    private void complete(TakeoverResult result) {
        CompletableFuture<TakeoverResult> waiting = answer;
        answer = null;
        child = null;
        if (waiting != null) {
            waiting.complete(result);
        }
    }

    @Override
    public synchronized void ended(boolean handedOver, long pid, List<String> reasons) {
        if (child != null && child.pid() == pid || handedOver) {
            complete(new TakeoverResult(handedOver, pid, reasons));
        }
    }

    @Override
    public void stepAside() {
        stepAside.run();
    }

    @Override
    public void leave() {
        leave.run();
    }

    @Override
    public synchronized void close() {
        if (server != null) {
            server.close();
        }
    }
}
