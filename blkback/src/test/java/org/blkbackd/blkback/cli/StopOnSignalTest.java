// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signals and exit statuses need real processes. */
@Timeout(120)
class StopOnSignalTest {

    @TempDir
    private Path dir;
    private Process process;
    private BufferedReader output;

    @AfterEach
    void end() {
        process.destroyForcibly();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void closesTheDaemonOnSignalsAndEndsWithZero(String signal) throws Exception {
        start("serve");
        assertEquals("ready", output.readLine());
        signal(signal);
        assertEnds(0);
        assertEquals("closed", output.readLine());
        String log = errors();
        assertTrue(log.contains("INFO  StopOnSignal: stopping\n"), log);
        assertTrue(log.endsWith("INFO  StopOnSignal: stopped\n"), log);
    }

    @Test
    void aSignalDuringTheStartWaitsForItsEnd() throws Exception {
        start("slow-start");
        assertEquals("ready", output.readLine());
        signal("TERM");
        assertEnds(0);
        assertEquals("closed", output.readLine());
    }

    @Test
    void aCloseThatFailsEndsWithOne() throws Exception {
        start("failing-close");
        assertEquals("ready", output.readLine());
        signal("TERM");
        assertEnds(1);
        String log = errors();
        assertTrue(log.contains("cannot stop cleanly: java.lang.IllegalStateException: cannot close\n"), log);
    }

    @Test
    void aStartThatFailsLeavesNothingToStop() throws Exception {
        start("failing-start");
        assertEnds(1);
        assertTrue(errors().contains("cannot start"));
    }

    private void start(String what) throws IOException {
        // Tests that run in the background of a shell inherit that SIGINT is ignored, and Java would leave it so.
        process = new ProcessBuilder("env", "--default-signal=INT",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx32m",
            "-cp", System.getProperty("java.class.path"), StopProbe.class.getName(), what)
            .redirectError(dir.resolve("stderr").toFile())
            .start();
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    private void signal(String name) throws Exception {
        // The shell's own: a small system has no program of that name.
        Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).inheritIO().start();
        assertEquals(0, kill.waitFor());
    }

    private void assertEnds(int status) throws Exception {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still runs");
        assertEquals(status, process.exitValue(), this::errors);
    }

    private String errors() {
        try {
            return Files.readString(dir.resolve("stderr"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
