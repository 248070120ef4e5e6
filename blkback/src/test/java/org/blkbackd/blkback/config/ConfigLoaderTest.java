// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.blkbackd.blkback.blkif.RateLimits;
import org.blkbackd.ioengine.file.FileOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {

    private static final String KNOWN = "known are kinds, default-engine, workers, io-threads, io-uring,"
            + " polling, on-error, while-held, limits, log-level, control-socket, metrics-socket, metrics-port,"
            + " migration";

    @TempDir
    private Path dir;

    @Test
    void readsEveryKey() throws Exception {
        BlkbackConfig config = load("""
            # A comment, and a list over two lines
            kinds = ["vbd",
                     qdisk, "vbd3"]
            default-engine = "buffered"
            workers = 64
            io-threads: 2
            log-level = trace
            """);
        assertEquals(new BlkbackConfig(List.of("vbd", "qdisk", "vbd3"), "buffered", 64, 2, "trace"), config);
        assertEquals(2, FileOptions.DEFAULTS.withIoThreads(config.ioThreads()).ioThreads());
    }

    @Test
    void readsWhatBecomesOfFailedRequests() throws Exception {
        BlkbackConfig config = load("on-error = hold\nwhile-held = \"stop\"");
        assertEquals("hold", config.onError());
        assertEquals("stop", config.whileHeld());
        assertEquals("enospc", BlkbackConfig.DEFAULTS.onError());
        assertEquals("serve", BlkbackConfig.DEFAULTS.whileHeld());
    }

    @Test
    void refusesOtherWordsForFailedRequests() throws IOException {
        assertRefused("""
            on-error = retry
            while-held = true
            """,
            "1: on-error = \"retry\": must be report, hold or enospc",
            "2: while-held = true: must be serve or stop");
    }

    @Test
    void readsWhatMayBeAskedOfADisk() throws Exception {
        assertEquals(new RateLimits(500, 0, 50 << 20, 1 << 30),
            load("limits = \"iops=500,bandwidth=50M,bandwidth-burst=1G\"").limits());
        assertEquals(RateLimits.NONE, load("limits = none").limits());
        assertRefused("limits = \"iops=0\"", "1: limits = \"iops=0\": must be " + RateLimits.ALLOWED);
        assertRefused("limits = \"iops-burst=5\"",
            "1: limits = \"iops-burst=5\": need a limit beside each burst");
        assertRefused("limits = 500", "1: limits = 500: must be " + RateLimits.ALLOWED);
    }

    @Test
    void readsWhetherIoUringIsWanted() throws Exception {
        assertTrue(BlkbackConfig.DEFAULTS.wantsIoUring());
        assertTrue(load("io-uring = auto").wantsIoUring());
        assertFalse(load("io-uring = off").wantsIoUring());
        assertEquals(BlkbackConfig.DEFAULTS.withIoUring("off"), load("io-uring = \"off\""));
        assertRefused("io-uring = on", "1: io-uring = \"on\": must be auto or off");
    }

    @Test
    void readsWhetherWorkersMayPoll() throws Exception {
        assertTrue(BlkbackConfig.DEFAULTS.mayPoll(2));
        assertFalse(BlkbackConfig.DEFAULTS.mayPoll(1), "the frontend needs the only CPU");
        assertFalse(load("polling = off").mayPoll(2));
        assertRefused("polling = on", "1: polling = \"on\": must be auto or off");
    }

    @Test
    void anEmptyFileMeansTheDefaults() throws Exception {
        assertEquals(new BlkbackConfig(List.of("vbd"), "direct", 0, 16, "info"), load(""));
    }

    @Test
    void theDefaultFileMayBeMissing() throws Exception {
        assertEquals(BlkbackConfig.DEFAULTS, ConfigLoader.load(null, dir.resolve("none.conf"), Map.of()));
    }

    @Test
    void theDefaultFileIsReadWhenItIsThere() throws Exception {
        Path file = Files.writeString(dir.resolve("default.conf"), "workers = 7");
        assertEquals(7, ConfigLoader.load(null, file, Map.of()).workers());
    }

    @Test
    void aFileThatWasNamedMustExist() {
        Path none = dir.resolve("none.conf");
        assertProblems(List.of(none + ": there is no such file"), none, Map.of());
    }

    @Test
    void saysAllThatIsWrongInTheOrderOfTheFile() throws IOException {
        assertRefused("""
            kinds = ["vbd", "vbdd",
              "qdisk", "vbd"]
            default-engine = "dirct"
            workers = 65
            io-threads = 1
            io_threads = 5
            log-level = "loud"
            """,
            "1: kinds = [\"vbd\",\"vbdd\",\"qdisk\",\"vbd\"]: must be a list that names no kind twice",
            "1: kinds[1] = \"vbdd\": must be vbd, qdisk or vbd3",
            "3: default-engine = \"dirct\": must be direct or buffered",
            "4: workers = 65: must be a whole number from 0 to 64 (0 is one per CPU, at most 4)",
            "5: io-threads = 1: must be a whole number from 2 to 256",
            "6: io_threads = 5: there is no such key; did you mean io-threads?",
            "7: log-level = \"loud\": must be error, warn, info, debug or trace");
    }

    @Test
    void refusesWrongTypesWithoutConverting() throws IOException {
        assertRefused("""
            kinds = "vbd"
            default-engine = null
            workers = "4"
            io-threads = 1.5
            log-level = ["info"]
            """,
            "1: kinds = \"vbd\": must be a list of at least one of vbd, qdisk, vbd3",
            "2: default-engine = null: must be direct or buffered",
            "3: workers = \"4\": must be a whole number from 0 to 64 (0 is one per CPU, at most 4)",
            "4: io-threads = 1.5: must be a whole number from 2 to 256",
            "5: log-level = [\"info\"]: must be error, warn, info, debug or trace");
    }

    @Test
    void anElementOfTheWrongTypeIsToldByItsOwnLine() throws IOException {
        assertRefused("""
            kinds = [
              "vbd"
              7
            ]
            """,
            "3: kinds = 7: must be a list of at least one of vbd, qdisk, vbd3");
    }

    @Test
    void refusesAnEmptyListOfKinds() throws IOException {
        assertRefused("kinds = []", "1: kinds = []: must be a list of at least one of vbd, qdisk, vbd3");
    }

    @Test
    void numbersBeyondAnIntAreOutOfRangeNotWrapped() throws IOException {
        assertRefused("workers = 4294967297\nio-threads = -4294967295",
            "1: workers = 4294967297: must be a whole number from 0 to 64 (0 is one per CPU, at most 4)",
            "2: io-threads = -4294967295: must be a whole number from 2 to 256");
    }

    @Test
    void unknownKeysAreToldWithWhatIsKnown() throws IOException {
        assertRefused("""
            vbd.speed = fast
            Log_Level = info
            """,
            "1: vbd.speed = \"fast\": there is no such key; " + KNOWN,
            "2: Log_Level = \"info\": there is no such key; did you mean log-level?");
    }

    @Test
    void syntaxErrorsHaveTheirLine() throws IOException {
        ConfigException e = refused("workers = 1\nkinds = [\"vbd\"\nlog-level = info\n");
        assertEquals(1, e.problems().size(), e::getMessage);
        String start = dir.resolve("t.conf") + ":3: List should have ended with ]";
        assertEquals(start, e.problems().get(0).substring(0, start.length()));
    }

    @Test
    void theCommandLineReplacesTheFile() throws Exception {
        Path file = Files.writeString(dir.resolve("t.conf"), "kinds = [bogus]\nworkers = 2");
        BlkbackConfig config = ConfigLoader.load(file, Map.of("kinds", "qdisk,vbd", "io-threads", "8"));
        assertEquals(new BlkbackConfig(List.of("qdisk", "vbd"), "direct", 2, 8, "info"), config);
    }

    @Test
    void theCommandLineIsHeldToTheSameRulesAfterTheFile() throws IOException {
        Path file = Files.writeString(dir.resolve("t.conf"), "workers = 99");
        assertProblems(List.of(
            file + ":1: workers = 99: must be a whole number from 0 to 64 (0 is one per CPU, at most 4)",
            "--io-threads: io-threads = \"many\": must be a whole number from 2 to 256",
            "--kinds: kinds = [\"qdisk\",\"\",\"qdisk\"]: must be a list that names no kind twice",
            "--kinds: kinds[1] = \"\": must be vbd, qdisk or vbd3",
            "--worker: worker = \"3\": there is no such key; did you mean workers?"),
            file, Map.of("kinds", "qdisk,,qdisk", "io-threads", "many", "worker", "3"));
    }

    private BlkbackConfig load(String text) throws IOException, ConfigException {
        return ConfigLoader.load(Files.writeString(dir.resolve("t.conf"), text), Map.of());
    }

    private ConfigException refused(String text) {
        return assertThrows(ConfigException.class, () -> load(text));
    }

    /** {@code expected}: lines without the file's name. */
    private void assertRefused(String text, String... expected) throws IOException {
        Path file = Files.writeString(dir.resolve("t.conf"), text);
        assertProblems(List.of(expected).stream().map(line -> file + ":" + line).toList(), file, Map.of());
    }

    private static void assertProblems(List<String> expected, Path file, Map<String, String> overrides) {
        ConfigException e = assertThrows(ConfigException.class, () -> ConfigLoader.load(file, overrides));
        assertEquals(String.join("\n", expected), String.join("\n", e.problems()));
    }
}
