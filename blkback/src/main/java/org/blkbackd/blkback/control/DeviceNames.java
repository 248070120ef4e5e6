// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.blkbackd.blkback.config.NearMiss;

/**
 * Finds the device that an administrator means: {@code vbd-3-51712}, {@code 3/xvda}, {@code 3/51712}, or with the
 * guest's name, {@code web/xvda}.
 */
public final class DeviceNames {

    private static final int MOST_SHOWN = 80;

    private DeviceNames() {
    }

    /** The one device of that name; none and several are a {@link ControlException} that names what was meant. */
    public static DeviceView find(List<DeviceView> devices, String word) throws ControlException {
        List<DeviceView> found = devices.stream().filter(device -> names(device).contains(word)).toList();
        if (found.size() == 1) {
            return found.get(0);
        }
        String shown = word.length() > MOST_SHOWN ? word.substring(0, MOST_SHOWN) + "..." : word;
        if (found.isEmpty()) {
            throw new ControlException(ControlError.NO_SUCH_DEVICE, "there is no device " + shown
                + hint(devices, word));
        }
        throw new ControlException(ControlError.NO_SUCH_DEVICE, shown + " is more than one device: "
            + String.join(", ", found.stream().map(DeviceView::name).toList()));
    }

    private static String hint(List<DeviceView> devices, String word) {
        if (devices.isEmpty()) {
            return "; no disk is attached";
        }
        // Nothing longer is near any name, and the search takes time by length.
        String near = word.length() > MOST_SHOWN ? null
            : NearMiss.of(word, devices.stream().flatMap(device -> names(device).stream()).toList());
        return near == null ? "; see: blkbackctl list" : "; did you mean " + near + "?";
    }

    private static List<String> names(DeviceView device) {
        List<String> names = new ArrayList<>(List.of(device.name()));
        for (String guest : new String[] {Integer.toString(device.domid()), device.domain()}) {
            if (guest != null) {
                names.add(guest + "/" + device.devid());
                names.add(guest + "/" + device.vdev());
            }
        }
        names.removeIf(Objects::isNull);
        return names;
    }
}
