// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.blkbackd.blkback.device.HandOver;
import org.blkbackd.blkback.device.HandOverException;

/**
 * Devices that at most one process can hold, as their locks and event channels see to, and what happened to them. Each
 * {@link Side} is what one process has of it.
 */
final class World {

    private final Map<String, Side> holders = new TreeMap<>();
    private final List<String> events = new ArrayList<>();

    /** Devices {@code vbd-1-51712}, {@code vbd-2-51712} and so on, all held by {@code side}. */
    World(int count) {
        for (int i = 1; i <= count; i++) {
            holders.put("vbd-" + i + "-51712", null);
        }
    }

    Side side(String name) {
        return new Side(name);
    }

    /** As it was in the beginning. */
    synchronized void allTo(Side side) {
        holders.replaceAll((device, holder) -> side);
        events.clear();
    }

    synchronized List<String> devices() {
        return List.copyOf(holders.keySet());
    }

    /** Whether every device is held by {@code side}. */
    synchronized boolean allWith(Side side) {
        return holders.values().stream().allMatch(holder -> holder == side);
    }

    synchronized List<String> events() {
        return List.copyOf(events);
    }

    /** One process. */
    final class Side implements HandOver {

        private final String name;
        private final Map<String, CompletableFuture<Void>> slow = new HashMap<>();
        private String broken = "";
        private String blocked = "";
        private boolean suspended;

        private Side(String name) {
            this.name = name;
        }

        /** {@code release vbd-1-51712}, for one, fails from now on; {@code suspend} does, too. */
        void breaks(String step) {
            broken = step;
        }

        void blocks(String device) {
            blocked = device;
        }

        /** {@code release vbd-1-51712}, for one, waits until the future is completed. */
        CompletableFuture<Void> delays(String step) {
            CompletableFuture<Void> until = new CompletableFuture<>();
            slow.put(step, until);
            return until;
        }

        /** As the kernel does for a process that ends. */
        void dies() {
            synchronized (World.this) {
                holders.replaceAll((device, holder) -> holder == this ? null : holder);
                events.add(name + " dies");
            }
        }

        boolean isSuspended() {
            synchronized (World.this) {
                return suspended;
            }
        }

        @Override
        public CompletableFuture<List<Candidate>> suspend() {
            synchronized (World.this) {
                suspended = true;
                if (broken.equals("suspend")) {
                    return CompletableFuture.failedFuture(new HandOverException("cannot suspend"));
                }
                return CompletableFuture.completedFuture(holders.keySet().stream().map(device -> new Candidate(device,
                    "direct:/srv/" + device, false, device.equals(blocked) ? "is stuck" : null)).toList());
            }
        }

        @Override
        public void unsuspend() {
            synchronized (World.this) {
                suspended = false;
            }
        }

        @Override
        public CompletableFuture<Void> release(String device) {
            return step("release " + device, device, this, null);
        }

        @Override
        public CompletableFuture<Void> resume(String device) {
            return step("resume " + device, device, null, this);
        }

        private CompletableFuture<Void> step(String step, String device, Side from, Side to) {
            return slow.getOrDefault(step, CompletableFuture.completedFuture(null)).thenApply(nothing -> {
                synchronized (World.this) {
                    if (holders.get(device) != from) {
                        events.add(name + " may not " + step);
                        throw new HandOverException(device + " is held by another process");
                    }
                    if (broken.equals(step)) {
                        broken = "";
                        throw new HandOverException(step + " fails");
                    }
                    holders.put(device, to);
                    events.add(name + " " + step);
                    return null;
                }
            });
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
