// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.notify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NotifySocketTest {

    @TempDir
    private Path folder;

    private static NotifySocket at(String name) {
        return NotifySocket.of(Map.of("NOTIFY_SOCKET", name));
    }

    private static NotifySocket with(String... variables) {
        Map<String, String> environment = new HashMap<>(Map.of("NOTIFY_SOCKET", "/run/systemd/notify"));
        for (String variable : variables) {
            environment.put(variable.substring(0, variable.indexOf('=')),
                variable.substring(variable.indexOf('=') + 1));
        }
        return NotifySocket.of(environment);
    }

    private static void tells(String name) {
        try (SimServiceManager systemd = new SimServiceManager(name)) {
            NotifySocket socket = at(name);
            socket.ready("serves vbd");
            socket.alive();
            socket.stopping();
            assertEquals("READY=1\nSTATUS=serves vbd", systemd.next());
            assertEquals("WATCHDOG=1", systemd.next());
            assertEquals("STOPPING=1\nSTATUS=stopping", systemd.next());
        }
    }

    @Test
    void tellsASocketInTheFileSystem() {
        tells(folder.resolve("notify").toString());
    }

    @Test
    void tellsAnAbstractSocket() {
        tells("@blkbackd-test-" + UUID.randomUUID());
    }

    @Test
    void aPathMayHaveTheFullLength() {
        String name = folder.toString() + "/";
        tells(name + "n".repeat(107 - name.length()));
    }

    @Test
    void aStatusCannotBringOtherMessages() {
        String name = folder.resolve("notify").toString();
        try (SimServiceManager systemd = new SimServiceManager(name)) {
            at(name).ready("a\nMAINPID=1");
            assertEquals("READY=1\nSTATUS=a MAINPID=1", systemd.next());
            assertNull(systemd.next(50));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "@", "/", "relative", "vsock:2:1234", "/nobody/listens/here"})
    void goesOnWithoutAServiceManagerThatListens(String name) {
        NotifySocket socket = at(name);
        socket.ready("serves vbd");
        socket.alive();
        socket.stopping();
    }

    @Test
    void goesOnWithANameThatIsTooLong() {
        at("/" + "n".repeat(107)).ready("serves vbd");
        at("@" + "n".repeat(200)).ready("serves vbd");
    }

    @Test
    void saysNothingWithoutASocket() {
        NotifySocket socket = NotifySocket.of(Map.of("WATCHDOG_USEC", "1000000"));
        socket.ready("serves vbd");
        assertEquals(Duration.ZERO, socket.watchdog());
    }

    @Test
    void knowsHowOftenASignOfLifeIsWanted() {
        long pid = ProcessHandle.current().pid();
        assertEquals(Duration.ofSeconds(60), with("WATCHDOG_USEC=60000000").watchdog());
        assertEquals(Duration.ofSeconds(60), with("WATCHDOG_USEC=60000000", "WATCHDOG_PID=" + pid).watchdog());
        assertEquals(Duration.ZERO, with("WATCHDOG_USEC=60000000", "WATCHDOG_PID=1").watchdog());
        assertEquals(Duration.ZERO, with().watchdog());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "soon", "-5", "99999999999999999999"})
    void takesNoNonsenseForAnInterval(String micros) {
        assertEquals(Duration.ZERO, with("WATCHDOG_USEC=" + micros).watchdog());
    }
}
