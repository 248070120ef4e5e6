// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.GrantMapping;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another process takes part and is killed with SIGKILL, at rest and in the middle of everything. */
class SimProcessTest {

    private static final int PATIENCE_MS = 20_000;

    @TempDir
    private Path folder;
    private SimHypervisor hypervisor;
    private SimDomain guest;
    private Process child;

    @BeforeEach
    void open() {
        hypervisor = SimHypervisor.open(folder);
        guest = hypervisor.domain(5);
    }

    @AfterEach
    void close() throws InterruptedException {
        kill();
        hypervisor.close();
    }

    @Test
    void anotherProcessServesTheGuest() throws Exception {
        GuestPage page = guest.allocatePage();
        int ref = guest.grant(0, page, false);
        int port = guest.allocUnbound(0);
        start("echo", 0, ref, port);
        for (int i = 1; i <= 1000; i++) {
            roundTrip(port);
            assertEquals(i, page.buffer().getInt(0));
        }
        assertTrue(guest.isMapped(ref));
        assertTrue(guest.isBound(port));
    }

    @Test
    void aKilledBackendLetsGoOfEverything() throws Exception {
        GuestPage page = guest.allocatePage();
        int ref = guest.grant(0, page, false);
        int port = guest.allocUnbound(0);
        start("echo", 0, ref, port);
        roundTrip(port);
        assertThrows(IllegalStateException.class, () -> guest.endAccess(ref));
        EventChannels channels = hypervisor.eventChannels(0);
        assertThrows(GrantException.class, () -> channels.bindInterdomain(5, port), "the child has it");

        kill();
        assertFalse(guest.isMapped(ref));
        assertFalse(guest.isBound(port));
        assertEquals(0, guest.mappedGrants());
        guest.eventChannels().notify(port);

        int ours = channels.bindInterdomain(5, port);
        assertEquals(ours, channels.pending());
        channels.notify(ours);
        assertEquals(port, guest.eventChannels().pending());
        try (GrantMapping mapping = hypervisor.grantTable(0).map(5, new int[] {ref})) {
            assertEquals(1, mapping.buffer().getInt(0));
        }
        guest.endAccess(ref);
    }

    @Test
    void aSuccessorServesOnThroughTheSamePort() throws Exception {
        GuestPage page = guest.allocatePage();
        int ref = guest.grant(0, page, false);
        int port = guest.allocUnbound(0);
        for (int life = 0; life < 3; life++) {
            start("echo", 0, ref, port);
            roundTrip(port);
            kill();
        }
        assertEquals(3, page.buffer().getInt(0));
        assertEquals(1, fifos(), "only the guest's own FIFO, after another process has tidied");
    }

    @RepeatedTest(2)
    void aBackendMayBeKilledAtAnyInstant() throws Exception {
        seeded(random -> {
            int[] refs = new int[8];
            int[] ports = new int[8];
            for (int i = 0; i < 8; i++) {
                refs[i] = guest.grant(0, guest.allocatePage(), false);
                ports[i] = guest.allocUnbound(0);
            }
            start("backend", Stream.of(new int[] {random.nextInt()}, refs, ports)
                .flatMapToInt(Arrays::stream).toArray());
            drainEventsFor(50 + random.nextInt(300));
            kill();
            assertEquals(0, guest.mappedGrants());
            serveAndEnd(refs, ports);
            assertEquals(0, guest.grantsInUse());
        });
    }

    @RepeatedTest(2)
    void aGuestMayBeKilledAtAnyInstant() throws Exception {
        seeded(random -> {
            start("guest", random.nextInt(), 7);
            EventChannels channels = hypervisor.eventChannels(0);
            List<GrantMapping> mappings = new ArrayList<>();
            List<Integer> ports = new ArrayList<>();
            long deadline = System.nanoTime() + (50L + random.nextInt(300)) * 1_000_000;
            while (System.nanoTime() < deadline) {
                disturb(random, channels, mappings, ports);
            }
            kill();

            mappings.forEach(mapping -> mapping.buffer().putInt(0, 1));
            hypervisor.domain(7).destroy();
            mappings.forEach(mapping -> mapping.buffer().putInt(0, 2));
            mappings.forEach(GrantMapping::close);
            ports.forEach(channels::notify);
            ports.forEach(channels::unbind);
            SimDomain next = hypervisor.domain(7);
            assertEquals(0, next.grantsInUse());
            int port = channels.bindInterdomain(7, next.allocUnbound(0));
            channels.notify(port);
            assertTrue(next.awaitEvent(PATIENCE_MS));
        });
    }

    /** Shows that every port and grant works as if nobody had been killed, and takes the grants back. */
    private void serveAndEnd(int[] refs, int[] ports) {
        EventChannels channels = hypervisor.eventChannels(0);
        while (guest.eventChannels().pending() != EventChannels.NONE) {
            Thread.onSpinWait();
        }
        for (int i = 0; i < refs.length; i++) {
            guest.eventChannels().unmask(ports[i]);
            int port = channels.bindInterdomain(5, ports[i]);
            assertEquals(port, channels.pending());
            channels.unmask(port);
            guest.eventChannels().notify(ports[i]);
            assertEquals(port, channels.pending());
            channels.notify(port);
            assertTrue(guest.awaitEvent(PATIENCE_MS));
            assertEquals(ports[i], guest.eventChannels().pending());
            assertEquals(EventChannels.NONE, guest.eventChannels().pending());
            hypervisor.grantTable(0).map(5, new int[] {refs[i]}).close();
            guest.endAccess(refs[i]);
        }
    }

    private void disturb(Random random, EventChannels channels, List<GrantMapping> mappings, List<Integer> ports) {
        try {
            mappings.add(hypervisor.grantTable(0).map(7, new int[] {8 + random.nextInt(30)}));
            ports.add(channels.bindInterdomain(7, 1 + random.nextInt(60)));
        } catch (GrantException notThereNow) {
            ports.forEach(channels::notify);
        }
        if (mappings.size() > 10) {
            mappings.remove(0).close();
            ports.forEach(channels::unbind);
            ports.clear();
        }
    }

    private interface Body {
        void run(Random random) throws Exception;
    }

    private static void seeded(Body body) throws Exception {
        long seed = new Random().nextLong();
        try {
            body.run(new Random(seed));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed + ", though the instant of the kill is the machine's", e);
        }
    }

    private void roundTrip(int port) {
        guest.eventChannels().notify(port);
        while (guest.eventChannels().pending() == EventChannels.NONE) {
            assertTrue(guest.awaitEvent(PATIENCE_MS), "no answer");
        }
        guest.eventChannels().unmask(port);
    }

    private void drainEventsFor(int ms) {
        long deadline = System.nanoTime() + ms * 1_000_000L;
        while (System.nanoTime() < deadline) {
            int port = guest.eventChannels().pending();
            if (port != EventChannels.NONE) {
                guest.eventChannels().unmask(port);
                guest.eventChannels().notify(port);
            }
        }
    }

    private long fifos() throws IOException {
        SimHypervisor.open(folder).close();
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("wake-")).count();
        }
    }

    private void start(String role, int... arguments) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java,
            "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "-cp",
            System.getProperty("java.class.path"), SimChild.class.getName(), role, folder.toString()));
        for (int argument : arguments) {
            command.add(Integer.toString(argument));
        }
        child = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        InputStreamReader output = new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8);
        StringBuilder said = new StringBuilder();
        for (int c = output.read(); c != '\n' && c >= 0; c = output.read()) {
            said.append((char) c);
        }
        assertEquals("ready", said.toString(), "the child's first words");
    }

    private void kill() throws InterruptedException {
        if (child != null) {
            assertTrue(child.isAlive() || child.exitValue() == 137, "the child died by itself");
            child.destroyForcibly().waitFor();
        }
    }
}
