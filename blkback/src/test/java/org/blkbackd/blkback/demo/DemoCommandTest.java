// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class DemoCommandTest {

    @TempDir
    private Path dir;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int demo(String... args) {
        return new CommandLine(new DemoCommand()).setOut(new PrintWriter(out)).setErr(new PrintWriter(err))
            .execute(args);
    }

    @Test
    void verifiesBothEnginesAgainstARealFile() throws Exception {
        Path image = dir.resolve("a.img");
        assertEquals(0, demo("--image", image.toString(), "--size", "1M", "--seconds", "0.4", "--json"));
        List<String> lines = out.toString().lines().toList();
        assertEquals(2, lines.size());
        assertEquals("direct", parse(lines.get(0)).getString("engine"));
        assertEquals("buffered", parse(lines.get(1)).getString("engine"));
        for (String line : lines) {
            Config result = parse(line);
            assertEquals(Set.of("engine", "requests", "bytes", "flushes", "mismatches", "iops", "mbps", "p50_us",
                "p99_us"), result.root().keySet());
            assertEquals(0, result.getLong("mismatches"));
            assertTrue(result.getLong("requests") > 0 && result.getLong("flushes") > 0, line);
            assertEquals(result.getLong("requests") * 4096, result.getLong("bytes"));
        }
        assertEquals(1 << 20, Files.size(image));
    }

    private static Config parse(String json) {
        return ConfigFactory.parseString(json);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--block-size=44K --depth=32", "--block-size=512 --depth=1", "--block-size=6K --depth=3"})
    void worksWithRequestsOfAllSizes(String options) {
        String[] two = options.split(" ");
        assertEquals(0, demo("--image", dir.resolve("b.img").toString(), "--size", "1M", "--seconds", "0.3", "--engine",
            "buffered", two[0], two[1]), err::toString);
        assertTrue(out.toString().startsWith("engine"), out::toString);
    }

    @Test
    void doesNotTouchAFileWithSomebodysData() throws Exception {
        Path image = dir.resolve("precious.img");
        byte[] data = new byte[1 << 20];
        data[4096] = 1;
        Files.write(image, data);
        assertFalse(demo("--image", image.toString(), "--seconds", "0.2") == 0);
        assertTrue(err.toString().contains(image + " holds data"), err::toString);
        assertEquals(1, Files.readAllBytes(image)[4096]);
    }

    @Test
    void takesItsOwnImageAgain() {
        String image = dir.resolve("mine.img").toString();
        for (int i = 0; i < 2; i++) {
            assertEquals(0, demo("--image", image, "--size", "1M", "--seconds", "0.2", "--engine", "buffered"),
                err::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--depth=0", "--depth=33", "--block-size=100", "--block-size=45K", "--seconds=0",
        "--size=1", "--size=4X", "--engine=tape"})
    void refusesWhatMakesNoSense(String option) {
        assertEquals(2, demo(option));
    }
}
