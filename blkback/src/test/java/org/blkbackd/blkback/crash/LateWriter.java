// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;

/**
 * The last write of a process that was killed, which the storage ends only later: {@code IMAGE DATA} holds the image as
 * the daemon does, says "holds" and waits for a byte on its standard input; then the file DATA is in the image, at its
 * beginning, and the image is free.
 */
final class LateWriter implements AutoCloseable {

    private final Process process;

    /** Starts it, and waits until it holds the image. */
    LateWriter(Path image, Path data) throws IOException {
        process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "-cp",
            System.getProperty("java.class.path"), LateWriter.class.getName(), image.toString(), data.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        byte[] said = process.getInputStream().readNBytes("holds\n".length());
        if (!new String(said, StandardCharsets.UTF_8).equals("holds\n")) {
            throw new AssertionError("the late writer cannot hold " + image);
        }
    }

    public static void main(String[] args) throws IOException {
        try (FileProvider provider = new FileProvider(FileOptions.DEFAULTS);
             RandomAccessFile image = new RandomAccessFile(args[0], "rw")) {
            Disk held = provider.open(DiskSpec.parse("direct:" + args[0]), false);
            System.out.print("holds\n");
            System.out.flush();
            if (System.in.read() >= 0) {
                image.write(Files.readAllBytes(Path.of(args[1])));
                image.getFD().sync();
            }
            held.close();
        }
    }

    /** Lets it write, and waits for its end. */
    void write() throws IOException, InterruptedException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        if (process.waitFor() != 0) {
            throw new AssertionError("the late writer failed");
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
