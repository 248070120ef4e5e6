// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a block device is on every host: from /sys and udev's records, without opening it.
 *
 * <ul>
 * <li>a partition, by the kernel or by kpartx: its disk and its number
 * <li>a multipath map: what its paths are, so a path and its map are one
 * <li>a logical volume: the UUIDs of group and volume; LUKS: the UUID in its header, under whatever name it is open
 * <li>an md array: its UUID, which udev has from mdadm
 * <li>an RBD image: cluster, pool, name space, image id and snapshot
 * <li>SCSI and NVMe: the WWID that the storage reports
 * <li>a loop device: its file, and where in it it begins. The bytes are the file's: two loop devices of one file, or
 * one beside a disk that opens the file itself, would be two writers of one image, and no lock tells them of each
 * other, for each has an inode of its own
 * </ul>
 *
 * <p>Everything else has none: virtio, NBD, DRBD, RAM and other mapped devices do not say what they are, or not so that
 * it is the same elsewhere. Images that only overlap, as a disk and its partition do, are different ones.
 */
final class DeviceIdentity {

    private static final Pattern MAPPED_PARTITION = Pattern.compile("part([0-9]+)-.+");
    private static final Pattern LUKS = Pattern.compile("(CRYPT-LUKS[0-9]+-[0-9a-f]{32})(-.*)?");
    /** CEPH_NOSNAP, which stands for the image itself. */
    private static final String NO_SNAPSHOT = "18446744073709551614";
    private static final int DEEPEST_STACK = 16;

    private final Path root;
    private final Function<String, String> files;

    /**
     * @param root  where /sys and /run are; another folder in tests
     * @param files the identity of a loop device's file
     */
    DeviceIdentity(Path root, Function<String, String> files) {
        this.root = root;
        this.files = files;
    }

    /** @return null where there is none */
    String of(String deviceNumber) {
        return of(deviceNumber, DEEPEST_STACK);
    }

    private String of(String deviceNumber, int depth) {
        Path device = root.resolve("sys/dev/block").resolve(deviceNumber);
        String partition = SysText.read(device.resolve("partition"));
        if (depth == 0) {
            return null;
        }
        if (partition != null) {
            return part(of(String.valueOf(SysText.read(device.resolve("../dev"))), depth - 1), partition);
        }
        if (Files.isDirectory(device.resolve("dm"))) {
            return mapped(device, depth - 1);
        }
        if (Files.isDirectory(device.resolve("loop"))) {
            return loop(device.resolve("loop"));
        }
        if (Files.isDirectory(device.resolve("md"))) {
            String uuid = UdevRecord.property(root, deviceNumber, "MD_UUID");
            return uuid == null ? null : "md:" + uuid;
        }
        if (SysText.read(device.resolve("device/cluster_fsid")) != null) {
            return rbd(device.resolve("device"));
        }
        String wwid = SysText.read(device.resolve("wwid"));
        wwid = wwid == null ? SysText.read(device.resolve("device/wwid")) : wwid;
        return wwid == null ? null : "wwid:" + wwid.replaceAll("[^!-~]+", "_");
    }

    private String mapped(Path device, int depth) {
        String uuid = SysText.read(device.resolve("dm/uuid"));
        if (uuid == null) {
            return null;
        }
        if (uuid.startsWith("LVM-")) {
            return "dm:" + uuid;
        }
        Matcher luks = LUKS.matcher(uuid);
        if (luks.matches()) {
            return "dm:" + luks.group(1);
        }
        if (uuid.startsWith("mpath-")) {
            return below(device, depth);
        }
        Matcher partition = MAPPED_PARTITION.matcher(uuid);
        return partition.matches() ? part(below(device, depth), partition.group(1)) : null;
    }

    /** What all devices below are; null where they differ. */
    private String below(Path device, int depth) {
        Set<String> found = new TreeSet<>();
        try (DirectoryStream<Path> slaves = Files.newDirectoryStream(device.resolve("slaves"))) {
            for (Path slave : slaves) {
                found.add(String.valueOf(of(String.valueOf(SysText.read(slave.resolve("dev"))), depth)));
            }
        } catch (IOException | DirectoryIteratorException e) {
            return null;
        }
        return found.size() != 1 || found.contains("null") ? null : found.iterator().next();
    }

    private String loop(Path loop) {
        String file = SysText.read(loop.resolve("backing_file"));
        String offset = SysText.read(loop.resolve("offset"));
        if (file == null || !file.startsWith("/") || offset == null) {
            return null;
        }
        String identity = files.apply(file);
        return identity == null || offset.equals("0") ? identity : identity + "/at" + offset;
    }

    private static String rbd(Path device) {
        String cluster = SysText.read(device.resolve("cluster_fsid"));
        String pool = SysText.read(device.resolve("pool_id"));
        String space = SysText.read(device.resolve("pool_ns"));
        String image = SysText.read(device.resolve("image_id"));
        String snapshot = SysText.read(device.resolve("snap_id"));
        if (pool == null || image == null || snapshot == null) {
            return null;
        }
        return "rbd:" + cluster + "/" + pool + "/" + (space == null ? "" : space + "/") + image
            + (snapshot.equals(NO_SNAPSHOT) ? "" : "@" + snapshot);
    }

    private static String part(String disk, String number) {
        return disk == null ? null : disk + "/part" + number;
    }
}
