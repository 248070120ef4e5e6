// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files that try to reach out of themselves, or to bring the reader down. */
@Timeout(60)
class HostileConfigTest {

    private static final String REFUSED = ": a file cannot include another";
    private static final String VERBATIM = ": ${...} and += are not supported; write the value itself";

    @TempDir
    private Path dir;

    @Test
    void includesNothing() throws IOException {
        Path other = Files.writeString(dir.resolve("other.conf"), "workers = 3");
        String text = """
            # include "other.conf"
            include "other.conf"
            include file("%s")
            include required(file("%s"))
            include url("http://127.0.0.1:9/x")
            include classpath("reference.conf")
            x { include "other.conf" }
            """.formatted(other, other);
        assertProblems(text,
            ":2: include \"other.conf\"" + REFUSED,
            ":3: include \"" + other + "\"" + REFUSED,
            ":4: include \"" + other + "\"" + REFUSED,
            ":5: include \"http://127.0.0.1:9/x\"" + REFUSED,
            ":6: include \"reference.conf\"" + REFUSED,
            ":7: include \"other.conf\"" + REFUSED,
            ":7: x = {}: there is no such key; known are kinds, default-engine, workers, io-threads, io-uring,"
            + " polling, on-error, while-held, limits, log-level, control-socket, metrics-socket, metrics-port,"
            + " migration");
    }

    @Test
    void neverLooksAtTheEnvironmentOrSystemProperties() {
        String home = System.getProperty("user.home");
        assertFalse(home.isEmpty(), "a test of nothing");
        List<String> problems = assertProblems("""
            default-engine = ${HOME}
            log-level = ${?user.home}
            kinds = ["vbd", ${PATH}]
            workers = ${?workers}
            """,
            ":1: default-engine = ${HOME}" + VERBATIM,
            ":2: log-level = ${?user.home}" + VERBATIM,
            ":3: kinds = ${PATH}" + VERBATIM,
            ":4: workers = ${?workers}" + VERBATIM);
        assertFalse(String.join("", problems).contains(home));
    }

    @Test
    void appendingIsASubstitutionToo() {
        assertProblems("kinds += \"qdisk\"", ":1: kinds = ${?kinds}[\"qdisk\"]" + VERBATIM);
    }

    @Test
    void aWordThatNoShellExpandsIsJustAWord() {
        assertProblems("log-level = \"${HOME}\"",
            ":1: log-level = \"${HOME}\": must be error, warn, info, debug or trace");
    }

    @Test
    void expressionsInValuesAreNotEvaluated() {
        assertProblems("default-engine = \"{max} ${1+1} #{7*7}\"",
            ":1: default-engine = \"{max} ${1+1} #{7*7}\": must be direct or buffered");
    }

    @Test
    void substitutionsThatWouldGrowWithoutEndAreNotFollowed() {
        assertEquals(4, problems("a=${b}${b}\nb=${c}${c}\nc=${d}${d}\nd=${a}".getBytes(StandardCharsets.UTF_8)).size());
    }

    @Test
    void problemsHoldNoControlCharacters() {
        List<String> problems = problems("\"a\\u001b[2J\u202e\\nworkers = 1: fine\" = \"\\u0007\\n\""
            .getBytes(StandardCharsets.UTF_8));
        assertEquals(1, problems.size());
        assertTrue(problems.get(0).contains(":1: a\\u001b[2J\\u202e\\nworkers = 1: fine = "), problems.get(0));
    }

    @Test
    void nestingDeeperThanTheStackIsAProblemNotACrash() {
        String deep = "brackets or dots in keys are nested too deeply";
        assertProblems("a = " + "[".repeat(60_000), ": " + deep);
        assertProblems("a {".repeat(20_000), ": " + deep);
        assertProblems("a" + ".a".repeat(30_000) + " = 1", ": " + deep);
    }

    @Test
    void longValuesAreCut() {
        String long300 = "x".repeat(300);
        assertProblems("log-level = " + long300,
            ":1: log-level = \"" + "x".repeat(199) + "...: must be error, warn, info, debug or trace");
    }

    @Test
    void readsRegularFilesOfReasonableSizeInUtf8Only() throws IOException {
        assertProblems("# ".repeat(ConfigText.MOST_BYTES), ": longer than 65536 bytes");
        assertEquals(List.of(dir.resolve("t.conf") + ":2: not in UTF-8"),
            problems(new byte[] {'#', '\n', 'a', '=', (byte) 0xff, '\n'}));
        assertEquals(List.of(dir.resolve("t.conf") + ":1: not in UTF-8"), problems(new byte[] {'#', (byte) 0xe2}));
        assertThrowsWith(Path.of("/dev/zero"), "/dev/zero: not a regular file");
        assertThrowsWith(dir, dir + ": not a regular file");
    }

    @Test
    void noTextBringsItDown() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] words = {
            "kinds", "workers", "=", "+=", "[", "]", "{", "}", ",", "\n", "\"", "\"\"\"", "${", "${?", ".",
            "include ", "url(", "file(", ")", "1", "-", "1e999", "vbd", "#", "//", "\\", "\\u12", "null", " ",
            "\u0000"};
        for (int round = 0; round < 5000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(20); i >= 0; i--) {
                text.append(words[random.nextInt(words.length)]);
            }
            assertBindsOrTells(text.toString(), () -> "seed " + seed + ", text: " + text);
        }
    }

    /** All of a load but the constraints, which see nothing but a bound record and are slow to set up. */
    private static void assertBindsOrTells(String text, Supplier<String> message) {
        try {
            Problems problems = new Problems("t.conf");
            Binding binding = new Binding(Hocon.parse(text, problems), problems);
            binding.refuseUnknownKeys();
            binding.bind();
            problems.throwIfAny();
        } catch (ConfigException e) {
            assertFalse(e.problems().isEmpty(), message);
            assertTrue(e.problems().stream().allMatch(p -> p.chars().noneMatch(Character::isISOControl)), message);
        } catch (RuntimeException e) {
            throw new AssertionError(message.get(), e);
        }
    }

    private List<String> problems(byte[] bytes) {
        return assertThrows(ConfigException.class,
            () -> ConfigLoader.load(Files.write(dir.resolve("t.conf"), bytes), Map.of())).problems();
    }

    /** {@code expected}: lines without the file's name. */
    private List<String> assertProblems(String text, String... expected) {
        List<String> problems = problems(text.getBytes(StandardCharsets.UTF_8));
        Path file = dir.resolve("t.conf");
        assertEquals(String.join("\n", List.of(expected).stream().map(line -> file + line).toList()),
            String.join("\n", problems));
        return problems;
    }

    private static void assertThrowsWith(Path file, String problem) {
        ConfigException e = assertThrows(ConfigException.class, () -> ConfigLoader.load(file, Map.of()));
        assertEquals(List.of(problem), e.problems());
    }
}
