// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.statistics;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The folder where libxenstat looks for the counters of a disk of kind vbd3: {@code /dev/shm/td3-<word>/vbd-D-DEV}, and
 * the word is what the node {@code kthread-pid} of the backend directory says (xenstat_linux.c, xenstat_collect_vbds,
 * Xen 4.19 and later). It takes any word: ours is not a process id, so that the folder outlives the daemon. libxenstat
 * gets there only for devices it sees in /sys/bus/xen-backend/devices, which the kernel makes for every backend
 * directory that it first sees in state 1.
 *
 * <p>Files of all kinds are here: a guest's device numbers are unique whatever the kind.
 */
public final class StatisticsFolder {

    /** Value of the node {@code kthread-pid}. */
    public static final String WORD = "blkbackd";

    /** Where libxenstat looks. */
    public static final Path DEFAULT = Path.of("/dev/shm/td3-" + WORD);

    /** Belongs to whom this process runs as. */
    private static final Path SELF = Path.of("/proc/self");
    private static final Pattern NAME = Pattern.compile("\\.?vbd-(\\d{1,5})-(\\d{1,10})(\\.new)?");

    /** Asked whether a disk is still served. */
    @FunctionalInterface
    public interface Served {
        /** Whether the device {@code devid} of the guest {@code domid} is served. */
        boolean test(int domid, int devid);
    }

    private final Path path;

    private StatisticsFolder(Path path) {
        this.path = path;
    }

    /**
     * Opens the folder, and makes it where it is not there.
     *
     * @throws IOException also when it is somebody else's, who may have been first: /dev/shm is for everyone
     */
    public static StatisticsFolder open(Path path) throws IOException {
        try {
            Files.createDirectory(path);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (FileAlreadyExistsException e) {
            PosixFileAttributes found = Files.readAttributes(path, PosixFileAttributes.class,
                LinkOption.NOFOLLOW_LINKS);
            Set<PosixFilePermission> allowed = found.permissions();
            if (!found.isDirectory() || !found.owner().equals(Files.getOwner(SELF))
                || allowed.contains(PosixFilePermission.GROUP_WRITE)
                || allowed.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new IOException(path + " is not a folder of ours that only we may write to; remove it", e);
            }
        }
        return new StatisticsFolder(path);
    }

    /** The file of one disk, with all counters 0. */
    public StatisticsFile create(int domid, int devid) throws IOException {
        return StatisticsFile.create(path.resolve("vbd-" + domid + "-" + devid));
    }

    /** Removes what an earlier daemon left of disks that are not served any more. */
    public void keepOnly(Served served) throws IOException {
        IOException failure = null;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            for (Path file : files) {
                Matcher name = NAME.matcher(file.getFileName().toString());
                if (name.matches() && !isServed(name, served)) {
                    try {
                        Files.deleteIfExists(file);
                    } catch (IOException e) {
                        failure = e;
                    }
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static boolean isServed(Matcher name, Served served) {
        long devid = Long.parseLong(name.group(2));
        return devid <= Integer.MAX_VALUE && served.test(Integer.parseInt(name.group(1)), (int) devid);
    }
}
