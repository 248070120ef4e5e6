// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Disks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryProviderTest {

    private final Disks disks = new Disks(List.of(new MemoryProvider()));

    @AfterEach
    void close() {
        disks.close();
    }

    @ParameterizedTest
    @CsvSource({"memory:512,512", "memory:64M,67108864", "null:8K,8192", "memory:1m,1048576", "null:2G,2147483648",
        "null:8191T,9006099743113216"})
    void understandsSizes(String spec, long bytes) {
        disks.check(DiskSpec.parse(spec), false);
        try (Disk disk = disks.open(DiskSpec.parse(spec), false)) {
            assertEquals(bytes, disk.info().sizeBytes());
            assertEquals(bytes / 512, disk.info().sectors());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"memory:0", "memory:-1", "memory:513", "memory:M", "memory:64MB", "null:x",
        "null:9000000T", "null:99999999999999999999", "memory:1 M"})
    void refusesWhatIsNoSize(String spec) {
        for (boolean check : new boolean[] {true, false}) {
            DiskException e = assertThrows(DiskException.class, () -> {
                if (check) {
                    disks.check(DiskSpec.parse(spec), false);
                } else {
                    disks.open(DiskSpec.parse(spec), false);
                }
            });
            assertEquals(DiskException.Kind.BAD_SPEC, e.kind());
            assertTrue(e.getMessage().startsWith(spec + ": "), e.getMessage());
        }
    }

    @Test
    void saysSoWhenThereIsNotThatMuchMemory() {
        DiskException e = assertThrows(DiskException.class, () -> disks.open(DiskSpec.parse("memory:8000T"), false));
        assertEquals(DiskException.Kind.IO, e.kind());
        try (Disk disk = disks.open(DiskSpec.parse("memory:1M"), false)) {
            e = assertThrows(DiskException.class, () -> disk.grow(8000L << 40));
            assertEquals(DiskException.Kind.IO, e.kind());
            assertEquals(1 << 20, disk.info().sizeBytes());
        }
    }
}
