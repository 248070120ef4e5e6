// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.blkbackd.ioengine.LibC;

/** Another process that keeps a part of an image in memory, mapped and locked, until its input ends. */
final class MappingProcess implements AutoCloseable {

    private static final String MAPPED = "mapped";
    private static final int MAP_LOCKED = 0x2000;

    private final Process process;

    private MappingProcess(Process process) {
        this.process = process;
    }

    static MappingProcess holding(Path image, long offset, long bytes) {
        List<String> command = List.of(System.getProperty("java.home") + "/bin/java", "-Xmx64m", "-cp",
            System.getProperty("java.class.path"), MappingProcess.class.getName(), image.toString(),
            Long.toString(offset), Long.toString(bytes));
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
            assertEquals(MAPPED, output.readLine());
            return new MappingProcess(process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Its other end. */
    public static void main(String[] arguments) throws IOException {
        int fd = new SystemFileIo().open(arguments[0], Linux.O_RDONLY);
        long address = LibC.mmap(0, Long.parseLong(arguments[2]), Linux.PROT_READ, Linux.MAP_SHARED | MAP_LOCKED, fd,
            Long.parseLong(arguments[1]));
        System.out.println(address == -1 ? "not mapped" : MAPPED);
        while (System.in.read() >= 0) {
            // whatever it is
        }
    }
}
