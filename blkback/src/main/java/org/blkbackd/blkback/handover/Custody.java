// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who has which device, as the old process knows it. The one place that says what may follow what; every step may be
 * asked for again.
 */
final class Custody {

    /** Where a device is. */
    enum Holder {
        /** Served by the old process. */
        OLD,
        /** The old process does not have it; the new one may. */
        AWAY,
        /** The new process says that it serves it. */
        NEW
    }

    private final Map<String, Holder> devices = new LinkedHashMap<>();
    private boolean touched;

    /** All of them are with the old process. */
    Custody(List<String> names) {
        names.forEach(name -> devices.put(name, Holder.OLD));
    }

    Holder of(String device) {
        return devices.get(device);
    }

    /** Why a device cannot be released now, or null. */
    String refusesRelease(String device) {
        Holder holder = devices.get(device);
        if (holder == null) {
            return "there is no device " + device + " to hand over";
        }
        return holder == Holder.NEW ? device + " is the other's already" : null;
    }

    /** The old process has let go of it. */
    void released(String device) {
        touched = true;
        devices.put(device, Holder.AWAY);
    }

    /** Why it cannot be thought taken, or null. */
    String refusesTaken(String device) {
        Holder holder = devices.get(device);
        return holder == null || holder == Holder.OLD ? device + " was not released" : null;
    }

    /** The new process serves it. */
    void taken(String device) {
        devices.put(device, Holder.NEW);
    }

    /** The old process serves it again. */
    void resumed(String device) {
        devices.put(device, Holder.OLD);
    }

    /** Devices that the old process does not serve, the last to leave first. */
    List<String> away() {
        List<String> away = new ArrayList<>();
        devices.forEach((device, holder) -> {
            if (holder != Holder.OLD) {
                away.add(0, device);
            }
        });
        return away;
    }

    /** Whether any device ever left. */
    boolean isTouched() {
        return touched;
    }

    /** Whether the old process is not needed any more. */
    boolean isComplete() {
        return devices.values().stream().allMatch(Holder.NEW::equals);
    }
}
