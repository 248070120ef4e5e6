// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real daemons, each a process of its own, hand two busy disks from one to the next. */
@Timeout(400)
class HandOverProcessTest {

    private static final long SEED = 11;

    @TempDir
    private Path folder;
    private CrashHost host;
    private final List<DaemonProcess> daemons = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        host = new CrashHost(folder, Path.of("target"), SEED);
    }

    @AfterEach
    void stop() throws IOException {
        daemons.forEach(DaemonProcess::close);
        for (String word : Files.readString(lastPid()).split("\\s+")) {
            // Started by a daemon, and nobody's child any more.
            ProcessHandle.of(Long.parseLong(word)).ifPresent(ProcessHandle::destroyForcibly);
        }
        host.close();
    }

    /** Processes that are to end with the test, by their numbers. */
    private Path lastPid() throws IOException {
        Path file = folder.resolve("pids");
        if (!Files.exists(file)) {
            Files.writeString(file, Long.toString(daemons.get(0).pid()));
        }
        return file;
    }

    private DaemonProcess daemon(String faults, String... more) throws IOException {
        DaemonProcess daemon = DaemonProcess.serve(folder, "daemon-" + daemons.size(), faults, more);
        daemons.add(daemon);
        return daemon;
    }

    private void bootGuests() {
        host.boot(CrashHost.Shape.plain(1, "direct"));
        host.boot(CrashHost.Shape.large(2, "buffered"));
        host.awaitServed(50, CrashHost.PATIENCE_MS);
    }

    private void assertServed(DaemonProcess by) {
        try {
            host.awaitServed(100, CrashHost.PATIENCE_MS);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + daemons.stream().map(DaemonProcess::log).toList(), e);
        }
        assertTrue(by.isAlive(), by::log);
    }

    @Test
    void administratorsCanHaveItDone() throws Exception {
        DaemonProcess first = daemon("").awaitReady();
        bootGuests();
        DaemonProcess check = DaemonProcess.control(folder, "check", "takeover", "--check");
        assertEquals(0, check.awaitEnd(), check::log);
        assertEquals("nothing is in the way\n", check.log());
        DaemonProcess takeover = DaemonProcess.control(folder, "takeover", "takeover");
        int status = takeover.awaitEnd();
        assertEquals(0, status, () -> takeover.log() + first.log());
        String line = takeover.log();
        assertTrue(line.matches("process \\d+ \\(blkbackd .*\\) serves in the place of process " + first.pid() + "\n"),
            line);
        Files.writeString(lastPid(), line.split(" ")[1]);
        assertEquals(0, first.awaitEnd(), first::log);
        host.awaitServed(100, CrashHost.PATIENCE_MS);
        host.finish();
    }

    @Test
    void whatWouldBeInTheWayIsNamed() throws Exception {
        DaemonProcess first = daemon("").awaitReady();
        bootGuests();
        DaemonProcess check = daemon("", "--takeover", "--check", "--kinds", "qdisk");
        assertEquals(1, check.awaitEnd(), check::log);
        assertTrue(check.log().contains("vbd-1-51712: the new process is to serve qdisk, not vbd (see kinds in the"
            + " settings)\n"), check.log());
        DaemonProcess second = daemon("", "--takeover", "--kinds", "qdisk");
        assertEquals(1, second.awaitEnd(), second::log);
        assertTrue(second.log().contains("blkbackd: nothing was handed over, because of 2 obstacles; vbd-1-51712: the"),
            second.log());
        assertServed(first);
        host.finish();
    }

    @Test
    void everyFailureOfTheOldOneLeavesEverythingWithIt() throws Exception {
        DaemonProcess first = daemon("fail:HANDOVER_RELEASE:2,fail:HANDOVER_RELEASED:4,fail:HANDOVER_COMMITTED:1")
            .awaitReady();
        bootGuests();
        for (String point : List.of("HANDOVER_RELEASE", "HANDOVER_COMMITTED", "HANDOVER_RELEASED")) {
            DaemonProcess next = daemon("", "--takeover");
            assertEquals(1, next.awaitEnd(), next::log);
            assertTrue(next.log().contains("the old process says: injected fault at " + point), next.log());
            assertServed(first);
        }
        DaemonProcess last = daemon("", "--takeover").awaitReady();
        assertEquals(0, first.awaitEnd(), first::log);
        assertServed(last);
        host.finish();
    }

    @Test
    void everyFailureAndEveryDeathOfTheNewOneLeavesEverythingWithTheOldOne() throws Exception {
        DaemonProcess first = daemon("").awaitReady();
        bootGuests();
        for (String effect : List.of("fail", "kill")) {
            for (String point : List.of("HANDOVER_TAKE:1", "HANDOVER_TAKE:2", "HANDOVER_TAKEN:1", "HANDOVER_TAKEN:2",
                "HANDOVER_ALL_TAKEN:1")) {
                DaemonProcess next = daemon(effect + ":" + point, "--takeover");
                int status = next.awaitEnd();
                assertEquals(effect.equals("fail") ? 1 : BackendProcess.KILLED, status, next::log);
                assertServed(first);
            }
        }
        host.finish();
    }

    @Test
    void anOldOneThatDiesAnywhereIsSucceeded() throws Exception {
        List<String> points = List.of("HANDOVER_RELEASE:1", "HANDOVER_RELEASE:2", "HANDOVER_RELEASED:1",
            "HANDOVER_RELEASED:2", "HANDOVER_COMMITTED:1");
        DaemonProcess old = daemon("kill:" + points.get(0)).awaitReady();
        bootGuests();
        for (int i = 1; i <= points.size(); i++) {
            DaemonProcess next = daemon(i < points.size() ? "kill:" + points.get(i) : "", "--takeover");
            assertEquals(BackendProcess.KILLED, old.awaitEnd(), old::log);
            next.awaitReady();
            assertTrue(next.log().contains("the old process died in the hand-over"), next.log());
            assertServed(next);
            old = next;
        }
        host.finish();
    }

    @Test
    void withoutADaemonThatRunsItServesAsUsual() throws Exception {
        DaemonProcess only = daemon("", "--takeover").awaitReady();
        assertTrue(only.log().contains("no daemon runs that could hand over"), only.log());
        bootGuests();
        assertServed(only);
        host.finish();
    }
}
