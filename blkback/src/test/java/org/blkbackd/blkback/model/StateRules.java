// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What the daemon may write into a state, for everybody and for devices whose guest and toolstack keep the rules.
 * Called by the daemon's threads; what is wrong is kept for the walk to find.
 */
final class StateRules {

    /** Old and new state. A device that fails to connect goes from 2 by way of 5; kexec takes a closed one to 5. */
    private static final Set<String> STEPS =
        Set.of("12", "22", "42", "62", "24", "44", "25", "45", "65", "56");

    private final Map<String, Boolean> guarded = new ConcurrentHashMap<>();
    private final Queue<String> broken = new ConcurrentLinkedQueue<>();

    /** From now on the device may not be closed or offered again. */
    void guard(String backendPath) {
        guarded.put(backendPath + "/state", true);
    }

    /** Somebody is about to give a reason to close the device. */
    void release(String backendPath) {
        guarded.remove(backendPath + "/state");
    }

    void written(String path, String before, String after) {
        if (!isBackendState(path)) {
            return;
        }
        // A state that only a mistake can have put there may become anything.
        if ("12456".contains("" + before) && !STEPS.contains(before + after)) {
            broken.add(path + " was " + before + " and became " + after);
        }
        if (guarded.containsKey(path) && !after.equals("4")) {
            broken.add(path + " became " + after + " for no reason while the frontend was connected");
        }
    }

    void outsideTransaction(String path, String value) {
        if (path.contains("/backend/") && !path.contains("/error/")) {
            broken.add(path + " was set to " + value + " without a look whether it is still there");
        }
    }

    void removed(String path) {
        if (path.startsWith("/local/domain/0/backend/")) {
            broken.add(path + " was removed, which is the toolstack's to do");
        }
    }

    /** The first rule that was broken, or null. */
    String broken() {
        return broken.peek();
    }

    private static boolean isBackendState(String path) {
        return path.startsWith("/local/domain/0/backend/") && path.endsWith("/state");
    }
}
