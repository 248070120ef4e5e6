// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskException.Kind;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One text for one image, whoever asks and by whatever path. */
class ImageIdentityTest {

    private static final String UUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";

    private final FileFixture files = FileFixture.plain();

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void isTheSameForEveryPathOfAFile() throws IOException {
        try (OwnFileSystem fileSystem = OwnFileSystem.mount(files.images)) {
            Path image = fileSystem.path().resolve("a.img");
            TestImages.resize(image, FileFixture.SIZE);
            String identity = identity(image);
            assertTrue(identity.matches("fs:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9]+"), identity);
            Path folder = Files.createDirectory(fileSystem.path().resolve("folder"));
            assertEquals(identity, identity(Files.createSymbolicLink(folder.resolve("symbolic"), image)));
            assertEquals(identity, identity(Files.createLink(folder.resolve("hard"), image)));
            assertEquals(identity, identity(folder.resolve("../folder/./../a.img")));
            Path other = folder.resolve("b.img");
            TestImages.resize(other, FileFixture.SIZE);
            assertNotEquals(identity, identity(other));
            try (LoopDevice device = LoopDevice.attach(image, 512, false);
                 LoopDevice second = LoopDevice.attach(image, 512, false)) {
                assertEquals(identity, identity(Path.of(device.path())));
                assertEquals(identity, identity(Path.of(second.path())));
                assertEquals(identity + "/part1", identity(Path.of(device.addPartition(3, 1000))));
                Path link = Files.createSymbolicLink(folder.resolve("device"), Path.of(device.path()));
                assertEquals(identity, identity(link));
            }
            assertTrue(files.io.calls().stream().noneMatch(call -> call.endsWith(".img")), "no image is opened");
        }
    }

    @Test
    void isNotGivenWhereNoOtherHostIs() throws IOException {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "no tmpfs in /dev/shm");
        Path image = Files.createTempFile(memory, "image", ".img");
        try {
            DiskException e = assertThrows(DiskException.class, () -> identity(image));
            assertEquals(Kind.UNSUPPORTED, e.kind());
            assertEquals("direct:" + image + ": another host cannot know that it is this image: its file system, "
                + "tmpfs, has no UUID or fsid that is the same everywhere; give the target a name= that is the same on "
                + "all hosts, or take it out of the peers' images", e.getMessage());
        } finally {
            Files.delete(image);
        }
    }

    @Test
    void isNotGivenForWhatIsNoImage() {
        assertEquals(Kind.NOT_FOUND, refusal(Path.of("/no/such.img")));
        assertEquals(Kind.UNSUPPORTED, refusal(files.images.directory()));
        assertEquals(Kind.BAD_SPEC, refusal(Path.of("relative.img")));
    }

    /** The same server's file by two mounts, seen by hosts with other device numbers and mount ids. */
    @Test
    void isTheServersForNfs() throws IOException {
        Path image = files.images.create(FileFixture.SIZE);
        FileLocation location = location(image);
        String inode = Long.toUnsignedString(location.inode());
        host("/a", location, "nfs4 nas.example.com:/export/xen rw,vers=4.2,proto=tcp,addr=192.0.2.10",
            "v4 c000020a 801 " + location.device() + " 7b1bcb0f6ec0bc49:91c4a0d6372e2f44 no\n");
        host("/b", location, "nfs nas:/export rw,vers=3,local_lock=none,addr=192.0.2.11",
            "v3 c000020b 801 0:99 1:2 no\nv3 c000020b 801 " + location.device()
                + " 7b1bcb0f6ec0bc49:91c4a0d6372e2f44 no\n");
        assertEquals("nfs:7b1bcb0f6ec0bc49:91c4a0d6372e2f44:" + inode, identityOn("/a", image));
        assertEquals(identityOn("/a", image), identityOn("/b", image));
        host("/c", location, "nfs4 nas:/export rw", "");
        DiskException e = assertThrows(DiskException.class, () -> identityOn("/c", image));
        assertTrue(e.getMessage().contains("/proc/fs/nfsfs/volumes"), e.getMessage());
    }

    @Test
    void isTheSuperblocksAsUdevKnowsIt() throws IOException {
        Path image = files.images.create(FileFixture.SIZE);
        FileLocation location = location(image);
        host("/a", location, "ocfs2 /dev/mapper/shared rw", "");
        files.io.intervene((call, fd, offset, bytes) ->
            call.equals("open") ? -Errno.EACCES : Intervention.PASS);
        assertThrows(DiskException.class, () -> identityOn("/a", image));
        Path udev = Files.createDirectories(files.images.directory().resolve("a/run/udev/data"));
        Files.writeString(udev.resolve("b" + location.device()), "E:ID_FS_TYPE=ocfs2\nE:ID_FS_UUID=" + UUID + "\n");
        assertEquals("fs:" + UUID + ":" + Long.toUnsignedString(location.inode()), identityOn("/a", image));
    }

    @ParameterizedTest
    @CsvSource({"overlay overlay", "btrfs /dev/sda2", "fuse.glusterfs nas:/volume", "ceph 192.0.2.1:6789:/",
        "cifs //nas/share"})
    void isNotGivenWhereInodesAreNotTheSameEverywhere(String mount) throws IOException {
        Path image = files.images.create(FileFixture.SIZE);
        host("/a", location(image), mount + " rw", "");
        DiskException e = assertThrows(DiskException.class, () -> identityOn("/a", image));
        assertTrue(e.getMessage().contains("its file system, " + mount.split(" ")[0] + ", has no"), e.getMessage());
    }

    @Test
    void findsAMountByItsIdElseByItsDevice() {
        String list = "21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
            + "36 21 0:52 / /srv/with\\040blank rw,relatime shared:1 master:2 - nfs4 nas:/xen rw\n"
            + "37 21 0:53 /sub /mnt rw - xfs /dev/sdb rw\nrubbish - here\n\n";
        assertEquals("nfs4", Mounts.type(list, 36, "0:52"));
        assertEquals("xfs", Mounts.type(list, -1, "0:53"));
        assertEquals("", Mounts.type(list, 99, "0:52"));
        assertEquals("", Mounts.type(null, 36, "0:52"));
    }

    @ParameterizedTest
    @CsvSource({"v4 c0a87a47  801 0:50         0:0                               no,0:0",
        "v4 20010db8000000000000000000000010 801 0:50 c10a1819257f4d4d:a0d6372e2f44b4e3 yes,"
            + "c10a1819257f4d4d:a0d6372e2f44b4e3", "v4 c0a87a47 801 0:51 1:2 no,", "v4 c0a87a47 801 0:50 rubbish no,",
        "v4 c0a87a47 801 0:50,", "'',"})
    void readsTheListOfNfsVolumes(String line, String fsid) {
        assertEquals(fsid, Mounts.nfsId("NV SERVER   PORT DEV          FSID                              FSC\n" + line,
            "0:50"));
    }

    @Test
    void readsTheKernelsUuid() {
        ByteBuffer answer = ByteBuffer.allocate(Linux.FSUUID_BYTES);
        answer.put(0, (byte) 16);
        assertNull(FileSystemUuid.text(answer), "all zeros is none");
        for (int i = 0; i < 16; i++) {
            answer.put(1 + i, (byte) Integer.parseInt(UUID.replace("-", "").substring(2 * i, 2 * i + 2), 16));
        }
        assertEquals(UUID, FileSystemUuid.text(answer));
        answer.put(0, (byte) 8);
        assertNull(FileSystemUuid.text(answer));
    }

    private Kind refusal(Path path) {
        return assertThrows(DiskException.class, () -> identity(path)).kind();
    }

    private String identity(Path path) {
        return files.provider.identity(new DiskSpec("direct", path.toString()));
    }

    private FileLocation location(Path image) {
        try (ImageProbe probe = new ImageProbe(files.io)) {
            return probe.location(image.toString());
        }
    }

    private String identityOn(String host, Path image) {
        try (ImageProbe probe = new ImageProbe(files.io)) {
            return new ImageIdentity(files.io, probe, Path.of(files.images.directory() + host),
                new DiskSpec("direct", image.toString())).find();
        }
    }

    /** What /proc says there. */
    private void host(String name, FileLocation location, String mount, String volumes) throws IOException {
        Path proc = Files.createDirectories(Path.of(files.images.directory() + name).resolve("proc"));
        Files.createDirectories(proc.resolve("self"));
        Files.createDirectories(proc.resolve("fs/nfsfs"));
        Files.writeString(proc.resolve("self/mountinfo"), location.mountId() + " 21 " + location.device()
            + " / /srv/xen rw,relatime shared:1 - " + mount + "\n");
        Files.writeString(proc.resolve("fs/nfsfs/volumes"),
            "NV SERVER   PORT DEV          FSID                              FSC\n" + volumes);
    }
}
