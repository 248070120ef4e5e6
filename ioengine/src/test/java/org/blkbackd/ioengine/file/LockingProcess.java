// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.uring.UringLoops;

/** Another process that opens an image as we do, says so, and holds it until its input ends or it is killed. */
final class LockingProcess implements AutoCloseable {

    static final String OPEN = "open";
    static final String WRITING = "writing";
    static final String IN_USE = "IN_USE";

    private final Process process;
    private final BufferedReader output;

    private LockingProcess(Process process) {
        this.process = process;
        output = process.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * @param what "r", "w", or "write": opens for writing and, when it gets a line, writes the first sector; "write
     *             by io_uring": so
     */
    static LockingProcess start(DiskSpec spec, String what, String... jvmOptions) {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-Xmx64m",
            "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(jvmOptions));
        command.addAll(List.of(LockingProcess.class.getName(), spec.toString(), what));
        try {
            return new LockingProcess(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same, having the image. */
    static LockingProcess holding(DiskSpec spec, String what, String... jvmOptions) {
        LockingProcess process = start(spec, what, jvmOptions);
        assertEquals(OPEN, process.line());
        return process;
    }

    /** What it says next; null when it has ended. */
    String line() {
        try {
            return output.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void say(String line) {
        try {
            process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL; does not wait. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                kill();
            }
        } catch (IOException e) {
            kill();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Its other end. */
    public static void main(String[] arguments) throws IOException {
        try (FileProvider provider = new FileProvider(FileOptions.DEFAULTS);
             Disk disk = provider.open(DiskSpec.parse(arguments[0]), arguments[1].equals("r"));
             IoMemory memory = IoMemory.allocate(4096)) {
            System.out.println(OPEN);
            if (System.in.read() >= 0 && arguments[1].startsWith("write")) {
                Disk form = arguments[1].equals("write") ? disk : UringLoops.of(disk);
                try (EngineDriver driver = new EngineDriver(form, 1)) {
                    memory.buffer(0, 512).put(0, (byte) 'W');
                    System.out.println(WRITING);
                    driver.run(EngineDriver.request(Operation.WRITE, 0, memory.address(), 512));
                }
            }
            while (System.in.read() >= 0) {
                // whatever it is
            }
        } catch (DiskException e) {
            System.out.println(e.kind());
        }
    }
}
