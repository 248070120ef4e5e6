// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.fault.FaultPoint;
import org.blkbackd.blkback.fault.Faults;
import org.blkbackd.blkback.service.BlkbackDaemon;
import org.blkbackd.blkback.service.XenHost;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;
import org.blkbackd.ioengine.sim.WrappingProvider;

/**
 * The real daemon in a process of its own, on storage that reorders: {@code FOLDER SEED MOST-DELAY-MS HELD-FROM
 * HELD-TO IO-URING}. Says "ready" when it serves. Takes commands on its standard input, and dies when that ends, so
 * that it never outlives the test.
 */
final class BackendMain {

    static final String READY = "ready";

    private BackendMain() {
    }

    public static void main(String[] args) throws IOException {
        Thread leash = new Thread(BackendMain::obey, "leash");
        leash.setDaemon(true);
        leash.start();
        long seed = Long.parseLong(args[1]);
        int mostDelayMs = Integer.parseInt(args[2]);
        long heldFrom = Long.parseLong(args[3]);
        long heldTo = Long.parseLong(args[4]);
        FileProvider files = new FileProvider(FileOptions.DEFAULTS.withIoThreads(4));
        WrappingProvider storage = new WrappingProvider(files,
            disk -> new ReorderingDisk(disk, seed, mostDelayMs, heldFrom, heldTo));
        BlkbackConfig config = new BlkbackConfig(List.of("vbd"), "direct", 2, 4, "info")
            .withIoUring(args[5]);
        BlkbackDaemon daemon = BlkbackDaemon.start(config,
            new StateRecorder(XenHost.simulated(Path.of(args[0]))), List.of(storage));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(daemon)));
        System.out.println(READY);
    }

    private static void stop(BlkbackDaemon daemon) {
        daemon.close();
        System.out.println("stopped");
        Runtime.getRuntime().halt(0);
    }

    private static void obey() {
        try (BufferedReader commands =
                 new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String command = commands.readLine(); command != null; command = commands.readLine()) {
                obey(command.split(" "));
            }
        } catch (IOException e) {
            // as the end of it
        }
        Runtime.getRuntime().halt(1);
    }

    private static void obey(String[] command) {
        switch (command[0]) {
            case "kill" -> Faults.arm(FaultPoint.valueOf(command[1]), true, Integer.parseInt(command[2]));
            case "oom" -> eatMemory();
            default -> throw new IllegalArgumentException(command[0]);
        }
    }

    private static void eatMemory() {
        List<byte[]> eaten = new ArrayList<>();
        while (true) {
            eaten.add(new byte[1 << 20]);
        }
    }
}
