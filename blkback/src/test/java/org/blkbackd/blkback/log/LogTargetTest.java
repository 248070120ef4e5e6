// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTargetTest {

    @TempDir
    private Path dir;

    @Test
    void isTheJournalOnlyWhenTheStreamIsThatVeryFile() throws IOException {
        Path file = Files.createFile(dir.resolve("stderr"));
        String device = Files.getAttribute(file, "unix:dev").toString();
        long inode = (Long) Files.getAttribute(file, "unix:ino");
        assertEquals(LogTarget.JOURNAL, LogTarget.of(device + ":" + inode, file));
        assertEquals(LogTarget.PLAIN, LogTarget.of(device + ":" + (inode + 1), file));
    }

    @Test
    void isPlainWithoutAStreamOrWithANonsensicalOne() {
        assertEquals(LogTarget.PLAIN, LogTarget.of(null, dir));
        assertEquals(LogTarget.PLAIN, LogTarget.of("", dir));
        assertEquals(LogTarget.PLAIN, LogTarget.of("1:2", dir.resolve("none")));
    }
}
