// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.blkbackd.xenstore.XenstoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XenstoreLocationTest {

    @TempDir
    private Path directory;

    @Test
    void triesTheSocketsAndThenTheDevices() {
        assertEquals(List.of(Path.of("/run/xenstored/socket"), Path.of("/var/run/xenstored/socket"),
                Path.of("/dev/xen/xenbus"), Path.of("/proc/xen/xenbus")), XenstoreLocation.candidates(Map.of()));
    }

    @Test
    void theRunDirectoryReplacesTheUsualSockets() {
        assertEquals(List.of(Path.of("/srv/x/socket"), Path.of("/dev/xen/xenbus"), Path.of("/proc/xen/xenbus")),
                XenstoreLocation.candidates(Map.of("XENSTORED_RUNDIR", "/srv/x")));
    }

    @Test
    void aNamedPathIsTheOnlyOneTried() throws IOException {
        Path there = Files.createFile(directory.resolve("there"));
        assertEquals(there, XenstoreLocation.find(Map.of("XENSTORED_PATH", there.toString(),
                "XENSTORED_RUNDIR", "/srv/x")));
        String missing = directory.resolve("missing").toString();
        XenstoreException e = assertThrows(XenstoreException.class,
                () -> XenstoreLocation.find(Map.of("XENSTORED_PATH", missing)));
        assertTrue(e.getMessage().contains("tried [" + missing + "]"), e.getMessage());
        assertTrue(e.isConnectionLost());
    }

    @Test
    void takesTheFirstThatExists() throws IOException {
        Path first = directory.resolve("socket");
        Path second = Files.createFile(directory.resolve("xenbus"));
        assertEquals(second, XenstoreLocation.firstExisting(List.of(first, second)));
        Files.createFile(first);
        assertEquals(first, XenstoreLocation.firstExisting(List.of(first, second)));
    }

    @Test
    void connectingToSomethingElseSaysWhatIsWrong() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        XenstoreException notASocket = assertThrows(XenstoreException.class, () -> XenstoreClient.connect(file));
        assertTrue(notASocket.getMessage().contains("neither a socket nor a character device"));
        XenstoreException missing = assertThrows(XenstoreException.class,
                () -> XenstoreClient.connect(directory.resolve("missing")));
        assertTrue(missing.getMessage().contains("no such socket or device"));
    }
}
