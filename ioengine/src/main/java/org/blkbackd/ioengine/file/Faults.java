// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskException.Kind;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Errno;

/** The lines an administrator reads when an image cannot be served: what, where, and what to do. */
final class Faults {

    private Faults() {
    }

    /** From an errno of opening or probing, of either sign. */
    static DiskException of(DiskSpec spec, boolean readOnly, long errno) {
        String name = Errno.name(errno);
        return switch ((int) Math.abs(errno)) {
            case Errno.ENOENT, Errno.ENOTDIR -> new DiskException(Kind.NOT_FOUND,
                spec + ": there is no such file (" + name + "); create it or correct the target");
            case Errno.ENXIO, Errno.ENODEV, Errno.ENOMEDIUM -> new DiskException(Kind.NOT_FOUND,
                spec + ": there is no device behind this node (" + name
                    + "); is its driver loaded, its volume active?");
            case Errno.EACCES, Errno.EPERM, Errno.EROFS -> denied(spec, readOnly, name);
            case Errno.ELOOP, Errno.ENAMETOOLONG -> new DiskException(Kind.BAD_SPEC,
                spec + ": this path cannot be resolved (" + name + "); correct the target");
            default -> new DiskException(Kind.IO,
                spec + ": cannot be opened (" + name + "); the kernel's log may say more");
        };
    }

    /** No permission, or a read-only file, device or file system. */
    static DiskException denied(DiskSpec spec, boolean readOnly, String why) {
        return new DiskException(Kind.ACCESS, readOnly
            ? spec + ": this process may not read it (" + why + "); make it readable for the service"
            : spec + ": opened for writing but " + spec.target() + " is read-only (" + why
                + "); use mode 'r' in the disk line or make it writable");
    }

    static DiskException wrongType(DiskSpec spec, FileStatus status) {
        return new DiskException(Kind.UNSUPPORTED, spec + ": this is " + status.typeName()
            + "; a disk is a regular file or a block device");
    }

    static DiskException empty(DiskSpec spec, long sizeBytes) {
        return new DiskException(Kind.UNSUPPORTED, spec + ": " + sizeBytes
            + " bytes are no disk; give it a size of at least 512 bytes (truncate -s, or attach the device)");
    }

    static DiskException noDirect(DiskSpec spec) {
        return new DiskException(Kind.UNSUPPORTED, spec + ": its file system has no O_DIRECT; use buffered:"
            + spec.target());
    }

    /** @param holder empty, or who it is */
    static DiskException inUse(DiskSpec spec, String holder) {
        return new DiskException(Kind.IN_USE, spec + ": is in use by "
            + (holder.isEmpty() ? "another process or host" : holder) + "; it is served when that lets go");
    }

    /** Old bytes may be among them. Of kind IN_USE: it passes when the other program ends. */
    static DiskException stale(DiskSpec spec, long bytes) {
        return new DiskException(Kind.IN_USE, spec + ": " + bytes + " bytes of it stay in this host's page cache, in "
            + "use by another program, and may be older than the image; end that program (\"fuser -vm " + spec.target()
            + "\" finds it) or use direct:" + spec.target());
    }

    static DiskException notCounted(DiskSpec spec, long errno) {
        return new DiskException(Kind.IO, spec + ": the kernel does not tell what this host's page cache holds of it ("
            + Errno.name(errno) + "); permit the system calls cachestat and mincore, or use direct:" + spec.target());
    }

    static DiskException notWrittenBack(DiskSpec spec, long errno) {
        return new DiskException(Kind.IO, spec + ": what another program wrote to it cannot be brought to the storage ("
            + Errno.name(errno) + "); check the storage, and what was copied into the image");
    }

    static DiskException unknownDevice(DiskSpec spec, String deviceNumber) {
        return unknown(spec, "block device " + deviceNumber + " has no WWID or UUID");
    }

    static DiskException unknownFile(DiskSpec spec, String type) {
        return unknown(spec, (type.isEmpty() ? "its file system" : "its file system, " + type + ",")
            + (type.startsWith("nfs") ? " is not in /proc/fs/nfsfs/volumes of this network name space"
            : " has no UUID or fsid that is the same everywhere"));
    }

    private static DiskException unknown(DiskSpec spec, String why) {
        return new DiskException(Kind.UNSUPPORTED, spec + ": another host cannot know that it is this image: " + why
            + "; give the target a name= that is the same on all hosts, or take it out of the peers' images");
    }

    static DiskException notLocked(DiskSpec spec, long errno) {
        return new DiskException(Kind.IO, spec + ": cannot be locked (" + Errno.name(errno)
            + "); check the storage, and the lock service of a network file system");
    }

    static String lockMissing(DiskSpec spec, long errno) {
        return spec + ": its file system has no locks (" + Errno.name(errno)
            + "), so nothing keeps others from writing to it; make sure that nobody does";
    }

    static DiskException notMeasured(String path, long errno) {
        return new DiskException(Kind.IO, path + ": its size cannot be read (" + Errno.name(errno)
            + "); check the storage, then try again");
    }

    static DiskException notGrown(String path, long sizeBytes, long errno) {
        return new DiskException(Kind.IO, path + ": cannot be made " + sizeBytes + " bytes large ("
            + Errno.name(errno) + "); make room for it or choose a smaller size");
    }

    static DiskException growDevice(String path) {
        return new DiskException(Kind.UNSUPPORTED, path
            + ": is a block device; grow it with its own tools (lvextend, for one), then call again without a size");
    }

    static DiskException growReadOnly(String path) {
        return new DiskException(Kind.ACCESS,
            path + ": is open read-only; grow the file by other means (truncate -s), then call again without a size");
    }

    static DiskException shrinks(String path, long sizeBytes, long newSizeBytes) {
        return new DiskException(Kind.BAD_SIZE, path + ": has become " + sizeBytes
            + " bytes large and cannot shrink to " + newSizeBytes + "; call again without a size to serve all of it");
    }

    static DiskException notExtended(String path, long errno) {
        return new DiskException(Kind.IO, path + ": has grown, but the new part cannot be served ("
            + Errno.name(errno) + "); check the storage, then try again");
    }

    static DiskException badPath(DiskSpec spec, String why) {
        StringBuilder line = new StringBuilder();
        spec.toString().codePoints().forEach(c -> line.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return new DiskException(Kind.BAD_SPEC, line + ": " + why);
    }
}
