// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoMemory;

/**
 * What an image is on every host, see {@link org.blkbackd.ioengine.DiskProvider#identity}. Used by one thread.
 *
 * <p>A regular file is its file system and its inode number, so links and other paths make no difference.
 * <ul>
 * <li>ext2 to ext4, XFS, GFS2, OCFS2: the UUID in the superblock. statfs(2)'s f_fsid is no choice: on XFS it is the
 * device number. The UUID comes from the kernel (FS_IOC_GETFSUUID, 6.9) or from udev, which read the same bytes.
 * <li>NFS: the fsid that the server gave, and the server's inode number. Neither the server's name nor the export are
 * in it: hosts that mount by another name, address or folder still have one image. A server may number its file
 * systems otherwise for NFS 3 than for NFS 4, so all hosts mount with the same one.
 * <li>All others have none. On tmpfs and ramfs no other host has the image. On overlayfs a file's inode changes when it
 * is first written to, and its lower folder may be another host's as well. Btrfs numbers inodes anew in every
 * subvolume. FUSE, CIFS, Ceph and Gluster may invent numbers on each host.
 * </ul>
 * The generation of an inode is left out. An inode that is open is not given to another file, so two open files never
 * share a number, and hosts whose kernels do and do not tell it would disagree.
 */
final class ImageIdentity {

    private static final Set<String> WITH_UUID = Set.of("ext2", "ext3", "ext4", "xfs", "gfs2", "ocfs2");
    private static final Set<String> NFS = Set.of("nfs", "nfs4");

    private final FileIo io;
    private final Path root;
    private final DiskSpec spec;
    private final ImageProbe probe;

    /** @param root where /proc, /sys and /run are; another folder in tests */
    ImageIdentity(FileIo io, ImageProbe probe, Path root, DiskSpec spec) {
        this.io = io;
        this.probe = probe;
        this.root = root;
        this.spec = spec;
    }

    /** Opens the folder of the image at most. */
    String find() {
        FileStatus status = probe.status(spec.target());
        if (status == null) {
            throw Faults.of(spec, true, probe.error());
        }
        if (status.isRegularFile()) {
            return ofFile();
        }
        if (!status.isBlockDevice()) {
            throw Faults.wrongType(spec, status);
        }
        String identity = new DeviceIdentity(root, this::ofBackingFile).of(status.deviceNumber());
        if (identity == null) {
            throw Faults.unknownDevice(spec, status.deviceNumber());
        }
        return identity;
    }

    private String ofBackingFile(String path) {
        FileStatus status = probe.status(path);
        return status == null || !status.isRegularFile() ? null
            : new ImageIdentity(io, probe, root, new DiskSpec(spec.scheme(), path)).ofFile();
    }

    private String ofFile() {
        FileLocation location = probe.location(spec.target());
        if (location == null) {
            throw Faults.of(spec, true, probe.error());
        }
        String type = Mounts.type(SysText.read(root.resolve("proc/self/mountinfo")), location.mountId(),
            location.device());
        String identity = null;
        if (NFS.contains(type)) {
            String fsid = Mounts.nfsId(SysText.read(root.resolve("proc/fs/nfsfs/volumes")), location.device());
            identity = fsid == null ? null : "nfs:" + fsid;
        } else if (WITH_UUID.contains(type)) {
            String uuid = uuid(location.device());
            identity = uuid == null ? null : "fs:" + uuid;
        }
        if (identity == null) {
            throw Faults.unknownFile(spec, type);
        }
        return identity + ":" + Long.toUnsignedString(location.inode());
    }

    private String uuid(String device) {
        String uuid = uuidOfFolder(device);
        return uuid == null ? UdevRecord.property(root, device, "ID_FS_UUID") : uuid;
    }

    /** Null where the kernel does not tell, or the file is mounted alone on a folder of another file system. */
    private String uuidOfFolder(String device) {
        try (IoMemory memory = IoMemory.allocate(Linux.FSUUID_BYTES)) {
            String folder = String.valueOf(Path.of(spec.target()).toRealPath().getParent());
            int fd = io.open(folder, Linux.O_RDONLY | Linux.O_DIRECTORY);
            if (fd < 0) {
                return null;
            }
            try {
                FileLocation location = probe.location(folder);
                return location != null && location.device().equals(device)
                    && io.ioctl(fd, Linux.FS_IOC_GETFSUUID, memory.address()) == 0
                    ? FileSystemUuid.text(memory.buffer(0, Linux.FSUUID_BYTES)) : null;
            } finally {
                io.close(fd);
            }
        } catch (IOException e) {
            return null;
        }
    }
}
