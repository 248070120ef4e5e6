// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskException.Kind;
import org.blkbackd.ioengine.DiskSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real qemu-img and qemu-io against our lock, in both directions. */
class QemuLockTest {

    private final FileFixture files = FileFixture.plain();
    private final Path image = files.images.create(FileFixture.SIZE);
    private final DiskSpec spec = new DiskSpec("buffered", image.toString());

    @BeforeEach
    void findTools() {
        try {
            LoopDevice.run("qemu-img", "--version");
            LoopDevice.run("qemu-io", "--version");
        } catch (IOException e) {
            assumeTrue(false, "no qemu-img or qemu-io; install qemu-utils to run this: " + e.getMessage());
        }
    }

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void qemuImgRefusesWhatWeServe() throws IOException {
        String other = files.images.create(FileFixture.SIZE).toString();
        try (Disk disk = files.provider.open(spec, false)) {
            assertEquals("", disk.warning());
            assertRefused("convert", "-f", "raw", "-O", "raw", image.toString(), other);
            assertRefused("convert", "-n", "-f", "raw", "-O", "raw", other, image.toString());
            assertRefused("resize", "-f", "raw", image.toString(), "2M");
            assertRefused("create", "-f", "raw", image.toString(), "2M");
            // it asks for a look and lets everybody else do anything: QEMU's own guests allow it as well
            LoopDevice.run("qemu-img", "info", "-f", "raw", image.toString());
        }
        assertEquals(FileFixture.SIZE, Files.size(image));
        LoopDevice.run("qemu-img", "resize", "-f", "raw", image.toString(), "2M");
    }

    @Test
    void qemuImgReadsWhatWeOnlyRead() throws IOException {
        try (Disk disk = files.provider.open(spec, true)) {
            assertEquals("", disk.warning());
            LoopDevice.run("qemu-img", "info", "-f", "raw", image.toString());
            assertRefused("resize", "-f", "raw", image.toString(), "2M");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void weRefuseWhatQemuWrites(boolean readOnly) throws Exception {
        try (QemuIo qemu = QemuIo.open(image)) {
            DiskException e = assertThrows(DiskException.class, () -> files.provider.open(spec, readOnly));
            assertEquals(Kind.IN_USE, e.kind());
            assertEquals(spec + ": is in use by qemu-io (pid " + qemu.process.pid() + "); it is served when that lets "
                + "go", e.getMessage());
        }
        files.provider.open(spec, readOnly).close();
    }

    @Test
    void weReadWhatQemuOnlyReads() throws Exception {
        try (QemuIo qemu = QemuIo.open(image, "-r")) {
            files.provider.open(spec, true).close();
            assertTrue(qemu.process.isAlive());
        }
    }

    private static void assertRefused(String... arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = "qemu-img";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        IOException e = assertThrows(IOException.class, () -> LoopDevice.run(command));
        assertTrue(e.getMessage().contains("lock"), e.getMessage());
    }

    /** A qemu-io that holds an image until it is closed. */
    private record QemuIo(Process process) implements AutoCloseable {

        static QemuIo open(Path image, String... options) throws IOException {
            String[] command = new String[options.length + 4];
            command[0] = "qemu-io";
            System.arraycopy(options, 0, command, 1, options.length);
            command[options.length + 1] = "-f";
            command[options.length + 2] = "raw";
            command[options.length + 3] = image.toString();
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().write("length\n".getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
            StringBuilder said = new StringBuilder();
            while (!said.toString().contains("1 MiB")) {
                int c = output.read();
                assertTrue(c >= 0, "qemu-io ended: " + said);
                said.append((char) c);
            }
            return new QemuIo(process);
        }

        @Override
        public void close() throws IOException {
            process.getOutputStream().close();
            try {
                assertTrue(process.waitFor(30, TimeUnit.SECONDS), "qemu-io does not end");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
