// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What /sys and udev say of devices that are not at hand, as other hosts have shown it. */
class DeviceIdentityTest {

    private static final String LV = "LVM-vgVcCrl7Fbl2Xz6yqNbiQkJqYBrqHcKTfTj3LHOkWBVcvKzl0cK5Lz0PBvd1a3Hq";
    private static final String NAA = "naa.600140563c3b2a1d4f7a8d1be1d4a5c7";

    @TempDir
    private Path root;

    @Test
    void isTheWwidOfAScsiDisk() {
        disk("sda", "8:0");
        put("devices/sda/device/wwid", NAA + "\n");
        assertEquals("wwid:" + NAA, identity("8:0"));
    }

    @Test
    void isTheWwidOfAnNvmeNamespace() {
        disk("nvme0n1", "259:0");
        put("devices/nvme0n1/wwid", "uuid.5ba3a8d4-94ab-4c39-8ea3-2e1d5e9d4a8f\n");
        assertEquals("wwid:uuid.5ba3a8d4-94ab-4c39-8ea3-2e1d5e9d4a8f", identity("259:0"));
    }

    @Test
    void hasNoBlanks() {
        disk("sdb", "8:16");
        put("devices/sdb/device/wwid", "t10.ATA     DISK MODEL\u00e4                              S3Z9NB0K\n");
        assertEquals("wwid:t10.ATA_DISK_MODEL_S3Z9NB0K", identity("8:16"));
    }

    @Test
    void isThePartOfItsDisk() {
        disk("sda", "8:0");
        put("devices/sda/device/wwid", NAA);
        put("devices/sda/sda2/partition", "2\n");
        link("8:2", "devices/sda/sda2");
        assertEquals("wwid:" + NAA + "/part2", identity("8:2"));
    }

    @ParameterizedTest
    @CsvSource({LV + "," + "dm:" + LV,
        "CRYPT-LUKS2-0123456789abcdef0123456789abcdef-guest1,dm:CRYPT-LUKS2-0123456789abcdef0123456789abcdef",
        "CRYPT-LUKS2-0123456789abcdef0123456789abcdef-luks-a-b,dm:CRYPT-LUKS2-0123456789abcdef0123456789abcdef",
        "CRYPT-PLAIN-guest1,", "SOMETOOL-1234,", "mpath-3600140563c3b2a1d4f7a8d1be1d4a5c7,", "'',"})
    void isWhatAMappedDevicesUuidSays(String uuid, String identity) {
        disk("dm-3", "253:3");
        put("devices/dm-3/dm/uuid", uuid + "\n");
        assertEquals(identity, identity("253:3"));
    }

    @Test
    void isTheSameForAMultipathMapAndItsPaths() {
        multipath(NAA, NAA);
        assertEquals("wwid:" + NAA, identity("253:0"));
        assertEquals(identity("8:0"), identity("253:0"));
        disk("dm-1", "253:1");
        put("devices/dm-1/dm/uuid", "part3-mpath-3600140563c3b2a1d4f7a8d1be1d4a5c7");
        put("devices/dm-1/slaves/dm-0/dev", "253:0");
        assertEquals("wwid:" + NAA + "/part3", identity("253:1"));
    }

    @Test
    void isNothingWherePathsDiffer() {
        multipath(NAA, "naa.5000c500a1b2c3d4");
        assertNull(identity("253:0"));
    }

    @Test
    void isTheUuidOfAnArray() {
        disk("md127", "9:127");
        put("devices/md127/md/array_state", "clean");
        assertNull(identity("9:127"));
        put("run/udev/data/b9:127", "S:md/data\nE:MD_UUID=6f9dbf64:3a1d2f0e:8d1c77aa:19b7cc01\nE:MD_LEVEL=raid1\n");
        assertEquals("md:6f9dbf64:3a1d2f0e:8d1c77aa:19b7cc01", identity("9:127"));
    }

    @Test
    void isClusterPoolAndImageOfCeph() {
        disk("rbd0", "252:0");
        put("devices/rbd0/device/cluster_fsid", "a7f64266-0894-4f1e-a635-d0aeaca0e993");
        put("devices/rbd0/device/pool_id", "7");
        put("devices/rbd0/device/pool_ns", "\n");
        put("devices/rbd0/device/snap_id", "18446744073709551614");
        assertNull(identity("252:0"), "format 1 has no id");
        put("devices/rbd0/device/image_id", "5e2b6b8b4567");
        assertEquals("rbd:a7f64266-0894-4f1e-a635-d0aeaca0e993/7/5e2b6b8b4567", identity("252:0"));
        put("devices/rbd0/device/pool_ns", "guests\n");
        put("devices/rbd0/device/snap_id", "4");
        assertEquals("rbd:a7f64266-0894-4f1e-a635-d0aeaca0e993/7/guests/5e2b6b8b4567@4", identity("252:0"));
    }

    @Test
    void isTheFileOfALoopDevice() {
        disk("loop0", "7:0");
        put("devices/loop0/loop/backing_file", "/srv/a.img\n");
        put("devices/loop0/loop/offset", "0\n");
        assertEquals("fs:of/srv/a.img", identity("7:0"));
        put("devices/loop0/loop/offset", "1048576\n");
        assertEquals("fs:of/srv/a.img/at1048576", identity("7:0"));
        put("devices/loop0/loop/backing_file", "/srv/a.img (deleted)\n");
        assertNull(identity("7:0"));
    }

    @Test
    void isNothingForWhatDoesNotSay() {
        disk("vda", "254:0");
        put("devices/vda/serial", "overlayblk");
        assertNull(identity("254:0"));
        assertNull(identity("147:0"));
    }

    @Test
    void endsWhereDevicesStandOnThemselves() {
        disk("dm-0", "253:0");
        put("devices/dm-0/dm/uuid", "mpath-x");
        put("devices/dm-0/slaves/dm-0/dev", "253:0");
        assertNull(identity("253:0"));
    }

    private void multipath(String first, String second) {
        disk("sda", "8:0");
        put("devices/sda/device/wwid", first);
        disk("sdb", "8:16");
        put("devices/sdb/device/wwid", second);
        disk("dm-0", "253:0");
        put("devices/dm-0/dm/uuid", "mpath-3600140563c3b2a1d4f7a8d1be1d4a5c7");
        put("devices/dm-0/slaves/sda/dev", "8:0");
        put("devices/dm-0/slaves/sdb/dev", "8:16");
    }

    private String identity(String deviceNumber) {
        return new DeviceIdentity(root, file -> file.endsWith("(deleted)") ? null : "fs:of" + file).of(deviceNumber);
    }

    private void disk(String name, String deviceNumber) {
        put("devices/" + name + "/dev", deviceNumber + "\n");
        link(deviceNumber, "devices/" + name);
    }

    private void link(String deviceNumber, String target) {
        try {
            Path links = Files.createDirectories(root.resolve("sys/dev/block"));
            Files.createSymbolicLink(links.resolve(deviceNumber), root.resolve(target));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void put(String file, String text) {
        try {
            Files.createDirectories(root.resolve(file).getParent());
            Files.writeString(root.resolve(file), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
