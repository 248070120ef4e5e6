// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsFileTest {

    @TempDir
    private Path dir;
    private Path folder;

    @BeforeEach
    void make() {
        folder = dir.resolve("td3-blkbackd");
    }

    @Test
    void theLayoutIsLibxenstats() throws IOException {
        try (StatisticsFile file = StatisticsFolder.open(folder).create(7, 51712)) {
            file.publish(0x1111, 0x2222_0000_0001L, 0x3333, 0x4444_0000_0001L, 5);
            String wanted = """
                01000000 00000000 0000000000000000
                1111000000000000 1111000000000000 0100000022220000 0000000000000000
                3333000000000000 3333000000000000 0100000044440000 0000000000000000
                0500000000000000 0000000000000000
                """;
            byte[] bytes = Files.readAllBytes(folder.resolve("vbd-7-51712"));
            if (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN) {
                turn(bytes);
            }
            assertEquals(wanted.replaceAll("\\s", ""), HexFormat.of().formatHex(bytes));
        }
    }

    private static void turn(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        buffer.putInt(0, Integer.reverseBytes(buffer.getInt(0)));
        for (int i = 8; i < bytes.length; i += 8) {
            buffer.putLong(i, Long.reverseBytes(buffer.getLong(i)));
        }
    }

    @Test
    void everyoneMayReadAndOnlyTheOwnerWrite() throws IOException {
        try (StatisticsFile file = StatisticsFolder.open(folder).create(7, 51712)) {
            file.publish(1, 2, 3, 4, 5);
            assertEquals("rwxr-xr-x", permissions(folder));
            assertEquals("rw-r--r--", permissions(folder.resolve("vbd-7-51712")));
        }
    }

    @Test
    void aClosedFileIsGoneAndCanStillBePublishedTo() throws IOException {
        StatisticsFile file = StatisticsFolder.open(folder).create(7, 51712);
        file.close();
        file.publish(1, 2, 3, 4, 5);
        file.close();
        assertEquals(List.of(), names());
    }

    @Test
    void aSuccessorStartsAtZeroAndTheEarlierOneDoesNotReachIt() throws IOException {
        StatisticsFile first = StatisticsFolder.open(folder).create(7, 51712);
        try (StatisticsFile second = StatisticsFolder.open(folder).create(7, 51712)) {
            first.publish(9, 9, 9, 9, 9);
            second.publish(1, 8, 0, 0, 0);
            ByteBuffer now = read();
            assertEquals(1, now.getLong(16));
            assertEquals(0, now.getLong(80));
            assertEquals(List.of("vbd-7-51712"), names());
        }
    }

    @Test
    void whatNobodyServesIsRemoved() throws IOException {
        StatisticsFolder opened = StatisticsFolder.open(folder);
        opened.create(7, 51712);
        opened.create(7, 51728);
        opened.create(8, 51712);
        for (String other : List.of(".vbd-9-51712.new", "vbd-9-9999999999", "vbd-x", "README")) {
            Files.createFile(folder.resolve(other));
        }
        opened.keepOnly((domid, devid) -> domid == 7 && devid == 51728);
        assertEquals(List.of("README", "vbd-7-51728", "vbd-x"), names());
    }

    @Test
    void aFolderOthersMayWriteToIsRefused() throws IOException {
        Files.createDirectory(folder);
        for (String permissions : List.of("rwxrwxr-x", "rwxr-xrwx")) {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(permissions));
            IOException refusal = assertThrows(IOException.class, () -> StatisticsFolder.open(folder));
            assertTrue(refusal.getMessage().startsWith(folder.toString()), refusal.getMessage());
        }
    }

    @Test
    void aLinkIsRefused() throws IOException {
        Files.createSymbolicLink(folder, Files.createDirectory(dir.resolve("elsewhere")));
        assertThrows(IOException.class, () -> StatisticsFolder.open(folder));
    }

    @Test
    void aFileThatIsNoFolderIsRefused() throws IOException {
        Files.createFile(folder);
        assertThrows(IOException.class, () -> StatisticsFolder.open(folder));
        assertFalse(Files.isDirectory(folder));
    }

    @Test
    void aFolderThatCannotBeWrittenToSaysSo() throws IOException {
        StatisticsFolder opened = StatisticsFolder.open(folder);
        Files.delete(folder);
        assertThrows(IOException.class, () -> opened.create(7, 51712));
        assertThrows(IOException.class, () -> opened.keepOnly((domid, devid) -> true));
    }

    private ByteBuffer read() throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(folder.resolve("vbd-7-51712"))).order(ByteOrder.nativeOrder());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return List.copyOf(new TreeSet<>(all.map(path -> path.getFileName().toString()).toList()));
        }
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
