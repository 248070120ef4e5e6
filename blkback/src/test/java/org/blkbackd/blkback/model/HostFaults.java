// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.time.Duration;
import java.util.List;
import java.util.Random;

/** A xenstored that has its troubles, and a daemon that is restarted: no guest that keeps the rules may suffer. */
final class HostFaults implements Actor {

    private final ModelHost host;

    HostFaults(ModelHost host) {
        this.host = host;
    }

    @Override
    public List<String> choices() {
        return List.of("drop", "drop-all", "fail-commits", "fail-commits", "delay", "hang", "restart", "restart");
    }

    @Override
    public void act(String choice, long dice) {
        Random random = new Random(dice);
        switch (choice) {
            case "drop" -> host.xenstored.dropConnections(0);
            case "restart" -> host.restartDaemon();
            case "drop-all" -> host.xenstored.dropConnections();
            // The daemon's client tries 50 times, and then the daemon must come back by itself.
            case "fail-commits" -> host.xenstored.failCommits(random.nextInt(10) == 0 ? 60 : 1 + random.nextInt(4));
            case "delay" -> {
                host.xenstored.delay(Duration.ofMillis(1));
                pause(20);
                host.xenstored.delay(Duration.ZERO);
            }
            default -> {
                host.xenstored.hang();
                pause(20);
                host.xenstored.resume();
            }
        }
    }

    private static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        // every fault ends with its step
    }
}
