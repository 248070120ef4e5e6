// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blkbackd.xenstore.XenstoreException;

/**
 * Where xenstored is reached, in libxenstore's order (tools/libs/store/xs.c, {@code xs_open}): {@code XENSTORED_PATH}
 * alone when it is set, else the socket in {@code XENSTORED_RUNDIR} or the usual places, then the kernel's device.
 */
public final class XenstoreLocation {

    private static final List<String> RUN_DIRECTORIES = List.of("/run/xenstored", "/var/run/xenstored");
    private static final List<String> DEVICES = List.of("/dev/xen/xenbus", "/proc/xen/xenbus");

    private XenstoreLocation() {
    }

    /** The first place that exists. Throws a XenstoreException that names every place tried. */
    public static Path find(Map<String, String> environment) {
        return firstExisting(candidates(environment));
    }

    /** The places in the order they are tried. */
    static List<Path> candidates(Map<String, String> environment) {
        String path = environment.get("XENSTORED_PATH");
        if (path != null) {
            return List.of(Path.of(path));
        }
        String runDirectory = environment.get("XENSTORED_RUNDIR");
        List<Path> places = new ArrayList<>();
        for (String directory : runDirectory == null ? RUN_DIRECTORIES : List.of(runDirectory)) {
            places.add(Path.of(directory, "socket"));
        }
        DEVICES.forEach(device -> places.add(Path.of(device)));
        return places;
    }

    static Path firstExisting(List<Path> places) {
        for (Path place : places) {
            if (Files.exists(place)) {
                return place;
            }
        }
        throw new XenstoreException("no xenstored: tried " + places + "; is this a Xen host, and xenstored running?",
                XenstoreException.DISCONNECTED);
    }
}
