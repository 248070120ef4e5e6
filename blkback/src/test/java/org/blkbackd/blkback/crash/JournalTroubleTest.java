// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.wire.Envelope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Journals that are damaged, not there, or of somebody else. */
class JournalTroubleTest {

    private static final int UNDISTURBED_MS = 1_500;
    private static final String DEVICE = "vbd-1-51712";
    private static final List<String> DAMAGE =
        List.of("magic", "version", "checksum", "cursor", "entry", "truncated", "empty");
    private static final int VERSION_AT = 10;
    private static final int CURSORS_AT = 8192;
    private static final int ENTRIES_AT = 8256;

    @TempDir
    private Path folder;
    private CrashHost host;
    private Path journals;

    @BeforeEach
    void start() throws Exception {
        long seed = new Random().nextInt();
        System.out.println("seed " + seed);
        host = new CrashHost(folder, Path.of("target"), seed);
        journals = folder.resolve("journal");
    }

    @AfterEach
    void close() throws Exception {
        host.close();
    }

    private CheckedGuest served() {
        host.start();
        CheckedGuest guest = host.boot(CrashHost.Shape.plain(1, "direct"));
        host.awaitServed();
        return guest;
    }

    private long linesWith(String text) {
        return host.backend().log().lines().filter(line -> line.contains(text)).count();
    }

    /** The guest gets no answer, no state changes, and the log says why in one line, once. */
    private void waits(CheckedGuest guest, String why) throws InterruptedException {
        host.backend().awaitWord(why);
        long before = guest.answers();
        Thread.sleep(UNDISTURBED_MS);
        assertEquals(before, guest.answers());
        guest.requireUnharmed();
        host.requireStates();
        assertEquals(1, linesWith("cannot be taken up, so its guest waits"), host.backend()::log);
        assertTrue(host.backend().log().lines().anyMatch(line -> line.contains(DEVICE)
            && line.contains("its guest waits") && line.contains(why)), host.backend()::log);
    }

    // --- damaged ----------------------------------------------------------------------------------------------------

    /** Other guests are served meanwhile, and this one once somebody has mended it. */
    @Test
    void aJournalThatCannotBeReliedOnIsRefused() throws Exception {
        CheckedGuest guest = served();
        CheckedGuest other = host.boot(CrashHost.Shape.large(2, "buffered"));
        Path journal = journals.resolve(DEVICE + ".0");
        for (String what : DAMAGE) {
            host.backend().kill();
            Path good = Files.copy(journal, folder.resolve("good"), StandardCopyOption.COPY_ATTRIBUTES);
            damage(journal, what);
            host.start();
            waits(guest, what.equals("version") ? "version 2 is newer than 1" : DEVICE);
            other.awaitServed(30, CrashHost.PATIENCE_MS);
            Files.move(good, journal, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            host.awaitServed();
        }
        host.finish();
        host.checkImages();
    }

    private static void damage(Path journal, String what) throws IOException {
        byte[] content = Files.readAllBytes(journal);
        switch (what) {
            case "magic" -> content[0] ^= 1;
            case "version" -> makeNewer(content);
            case "checksum" -> content[40] ^= 1;
            case "cursor" -> content[CURSORS_AT] ^= 1;
            case "entry" -> damageEntries(content);
            case "truncated" -> content = Arrays.copyOf(content, content.length - 1);
            default -> content = new byte[0];
        }
        Path damaged = Files.write(journal.resolveSibling("damaged"), content);
        Files.move(damaged, journal, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** As the daemon of a later version may write it: not damaged. */
    private static void makeNewer(byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putShort(VERSION_AT, (short) 2);
        int end = Envelope.HEADER_SIZE + bytes.getInt(VERSION_AT + 2);
        CRC32C crc = new CRC32C();
        crc.update(content, 0, end);
        bytes.putInt(end, (int) crc.getValue());
    }

    /** A bit of the request in every entry. */
    private static void damageEntries(byte[] content) {
        for (int entry = ENTRIES_AT; entry + 136 <= content.length; entry += 136) {
            content[entry + 40] ^= 1;
        }
    }

    // --- not there --------------------------------------------------------------------------------------------------

    @Test
    void withoutAJournalItIsSaidAndNothingIsGuessed() throws Exception {
        CheckedGuest guest = served();
        host.backend().kill();
        Files.delete(journals.resolve(DEVICE + ".0"));
        host.start();
        waits(guest, "nobody knows which");
    }

    /** Whoever made it died before the ring began: what is on the ring says all there is to know. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aJournalThatNoRingBeganWithIsAsGoodAsNone(boolean asked) throws Exception {
        host.start();
        LoneGuest guest = new LoneGuest(host, CrashHost.Shape.plain(1, "direct"), 1);
        guest.change(Blkif.OP_WRITE, 3, 5);
        guest.awaitInFlight(0);
        host.backend().kill();
        Path journal = journals.resolve(DEVICE + ".0");
        byte[] content = Files.readAllBytes(journal);
        Arrays.fill(content, CURSORS_AT, content.length, (byte) 0);
        Files.write(journal, content);
        if (asked) {
            guest.change(Blkif.OP_WRITE, 8, 5);
        }
        host.start();
        if (asked) {
            host.backend().awaitWord("nobody knows which");
            assertFalse(guest.comesDownTo(0, UNDISTURBED_MS));
        } else {
            host.backend().awaitWord("goes on with");
            guest.readBack();
        }
        host.requireStates();
    }

    @Test
    void aFolderThatCannotBeMadeIsSaidOnceAndTheGuestServed() throws Exception {
        Files.writeString(journals, "in the way");
        servedWithoutJournal();
    }

    @Test
    void aFullFolderIsSaidOnceAndTheGuestServed() throws Exception {
        Files.createDirectories(journals);
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", journals.toString()) == 0,
            "cannot mount a small tmpfs; root can");
        try {
            servedWithoutJournal();
        } finally {
            host.backend().close();
            run("umount", journals.toString());
        }
    }

    private void servedWithoutJournal() {
        served();
        assertEquals(1, linesWith("served without a journal"), host.backend()::log);
        assertTrue(host.backend().log().contains(journals.toString()), host.backend()::log);
        host.finish();
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    // --- of somebody else -------------------------------------------------------------------------------------------

    @Test
    void aGuestThatIsGoneLeavesNoJournal() throws Exception {
        served().stop();
        host.backend().kill();
        assertEquals(List.of(DEVICE + ".0"), journalFiles());
        host.destroy(1);
        host.start();
        host.backend().awaitWord("its journal is removed");
        assertEquals(List.of(), journalFiles());
    }

    /** The same number, the same device, and a guest that never saw the old image. */
    @Test
    void aNewGuestWithTheNumberOfAnOldOneDoesNotTouchItsImage() throws Exception {
        CheckedGuest old = served();
        old.stop();
        host.backend().kill();
        DiskConfig oldDisk = host.disk(1);
        Path oldImage = Path.of(oldDisk.target().substring("direct:".length()));
        byte[] before = Files.readAllBytes(oldImage);
        host.destroy(1);
        host.forget(old);

        host.startWithoutWaiting();
        CheckedGuest next = host.boot(CrashHost.Shape.plain(1, "direct"));
        next.awaitServed(200, CrashHost.PATIENCE_MS);
        host.backend().kill();
        host.start();
        next.awaitServed(200, CrashHost.PATIENCE_MS);
        assertTrue(Arrays.equals(before, Files.readAllBytes(oldImage)), "the old guest's image was changed");
        host.finish();
    }

    private List<String> journalFiles() throws IOException {
        try (Stream<Path> files = Files.list(journals)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
