// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.service.Launch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class BlkbackdTest {

    @TempDir
    private Path dir;
    private Path config;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private BlkbackConfig started;
    private Launch launched;
    private String startedOn;
    private boolean closed;
    private Exception failure;

    @BeforeEach
    void writeConfig() throws IOException {
        config = Files.writeString(dir.resolve("blkbackd.conf"), "io-threads = 3\n");
    }

    @Test
    void servesWithTheSettingsAndEndsWithZero() {
        assertEquals(0, run("serve", "--config", config.toString(), "--kinds", "qdisk,vbd", "--xen", "sim:/run/x"));
        assertEquals(new BlkbackConfig(List.of("qdisk", "vbd"), "direct", 0, 3, "info"), started);
        assertEquals("sim:/run/x", startedOn);
        assertTrue(closed);
        assertEquals("", out.toString() + err);
    }

    @Test
    void aSuccessorIsStartedWithTheSameArguments() {
        assertEquals(0, run("serve", "--config", config.toString(), "--kinds", "qdisk", "--xen", "sim:/run/x"));
        assertEquals(Launch.Mode.SERVE, launched.mode());
        assertEquals(List.of("--xen", "sim:/run/x", "--config", config.toString(), "--kinds", "qdisk"),
            launched.arguments());
        assertEquals(0, run("serve", "--takeover", "--config", config.toString()));
        assertEquals(Launch.Mode.TAKE_OVER, launched.mode());
        assertEquals(List.of("--xen", "xen", "--config", config.toString()), launched.arguments());
    }

    @Test
    void lookingForObstaclesNeedsADaemonThatRuns() {
        assertEquals(1, run("serve", "--takeover", "--check", "--config", config.toString(), "--xen", "sim:" + dir));
        assertEquals("blkbackd: no daemon runs that could hand over\n", err.toString());
        assertEquals(2, run("serve", "--check"));
    }

    @Test
    void servesTheRealXenUnlessToldOtherwise() {
        assertEquals(0, run("serve", "--config", config.toString()));
        assertEquals("xen", startedOn);
    }

    @Test
    void aFailedStartIsOneLineAndOne() {
        failure = new IllegalStateException("xenstored does not answer\non /run/xenstored/socket");
        assertEquals(1, run("serve", "--config", config.toString()));
        assertEquals("blkbackd: xenstored does not answer\\non /run/xenstored/socket\n", err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void aFailureWithoutAMessageIsItsName() {
        failure = new IllegalStateException();
        assertEquals(1, run("serve", "--config", config.toString()));
        assertEquals("blkbackd: java.lang.IllegalStateException\n", err.toString());
    }

    @Test
    void badSettingsAreAllToldAndTwo() throws IOException {
        Files.writeString(config, "workers = 99\nspeed = 1\n");
        assertEquals(2, run("serve", "--config", config.toString(), "--kinds", "disk"));
        assertEquals(config + ":1: workers = 99: must be a whole number from 0 to 64 (0 is one per CPU, at most 4)\n"
            + config + ":2: speed = 1: there is no such key; known are kinds, default-engine, workers, io-threads,"
            + " io-uring, polling, on-error, while-held, limits, log-level, control-socket, metrics-socket,"
            + " metrics-port, migration\n"
            + "--kinds: kinds[0] = \"disk\": must be vbd, qdisk or vbd3\n", err.toString());
        assertNull(started);
    }

    @Test
    void aNamedFileThatIsMissingIsTwo() {
        assertEquals(2, run("serve", "--config", dir + "/none"));
        assertEquals(dir + "/none: there is no such file\n", err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sim", "sim:", "Xen", "xen:", "\u001b[2J"})
    void anUnknownXenIsTwo(String xen) {
        assertEquals(2, run("serve", "--config", config.toString(), "--xen", xen));
        assertEquals("blkbackd: --xen " + xen.replace("\u001b", "\\u001b") + ": must be xen or sim:DIR\n"
            + "try: blkbackd serve --help\n", err.toString());
        assertNull(started);
    }

    @Test
    void noCommandIsTwo() {
        assertEquals(2, run());
        assertEquals("blkbackd: no command given\ntry: blkbackd --help\n", err.toString());
    }

    @Test
    void unknownWordsAndOptionsAreTwo() {
        assertEquals(2, run("sevre"));
        assertEquals(2, run("serve", "--color"));
        assertEquals(2, run("serve", "--config"));
        assertEquals("", out.toString());
    }

    @Test
    void helpAndVersionGoToStandardOutput() {
        assertEquals(0, run("--help"));
        assertEquals(0, run("serve", "--help"));
        assertEquals(0, run("--version"));
        String text = out.toString();
        assertTrue(text.contains("Usage: blkbackd [-hV] [COMMAND]\n"), text);
        assertTrue(text.contains("Usage: blkbackd serve [-hV] [--config=FILE] [--kinds=K,K] [--xen=XEN]"), text);
        assertTrue(text.contains("\nblkbackd "), text);
        assertEquals("", err.toString());
    }

    private int run(String... args) {
        CommandLine command = Blkbackd.commandLine(new CommandLine.IFactory() {
            @Override
            public <K> K create(Class<K> type) throws Exception {
                return type == ServeCommand.class
                    ? type.cast(serveCommand()) : CommandLine.defaultFactory().create(type);
            }
        });
        return command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
    }

    private ServeCommand serveCommand() {
        return new ServeCommand((launch, xen) -> {
            if (failure != null) {
                throw failure;
            }
            started = launch.config();
            launched = launch;
            startedOn = xen;
            return () -> closed = true;
        }, start -> start.call().close());
    }
}
