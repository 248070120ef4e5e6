// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;

/** One image, one provider with few threads and calls that can be made to fail, and memory for requests. */
final class FileFixture implements AutoCloseable {

    static final long SIZE = 1 << 20;
    private static final int MEMORY_BYTES = 1 << 20;

    final TestImages images = new TestImages();
    final FaultyFileIo io = new FaultyFileIo();
    final FileProvider provider;
    final IoMemory memory = IoMemory.allocate(MEMORY_BYTES);

    FileFixture(FileOptions options) {
        provider = new FileProvider(options, io);
    }

    static FileFixture plain() {
        return new FileFixture(FileOptions.DEFAULTS.withIoThreads(4));
    }

    /** Direct disks of it behave as if their storage had blocks of 4096. */
    static FileFixture with4096() {
        return new FileFixture(FileOptions.DEFAULTS.withIoThreads(4).withForcedAlignment(4096));
    }

    /** Skips the test where it needs O_DIRECT and there is none. */
    Disk open(String scheme, Path image) {
        return openOrSkip(provider, new DiskSpec(scheme, image.toString()), false);
    }

    static Disk openOrSkip(FileProvider provider, DiskSpec spec, boolean readOnly) {
        try {
            return provider.open(spec, readOnly);
        } catch (DiskException e) {
            if (spec.scheme().equals("direct") && e.kind() == DiskException.Kind.UNSUPPORTED) {
                return abort("no O_DIRECT below target/; build on ext4 or XFS to run this: " + e.getMessage());
            }
            throw e;
        }
    }

    IoRequest read(long offset, int bytes) {
        return EngineDriver.request(Operation.READ, offset, memory.address(), bytes);
    }

    IoRequest write(long offset, int bytes) {
        return EngineDriver.request(Operation.WRITE, offset, memory.address(), bytes);
    }

    void fill(int bytes, int value) {
        ByteBuffer buffer = memory.buffer(0, bytes);
        for (int i = 0; i < bytes; i++) {
            buffer.put(i, (byte) value);
        }
    }

    @Override
    public void close() {
        provider.close();
        memory.close();
        images.close();
    }
}
