// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.journal.JournalException;
import org.blkbackd.blkback.journal.JournalFolder;
import org.blkbackd.blkback.journal.RingJournal;
import org.blkbackd.blkback.wire.RingRecord;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** What the journal of requests in flight costs a request: the stores of RingJournal's steps 1 to 6. */
public class JournalBench extends NanosBench {

    private static final int SLOTS = 32;

    private final BlkifRequest request = new BlkifRequest();
    private final byte[] slot = new byte[BlkifAbi.MAX_SLOT_SIZE];
    private final ByteBuffer words = ByteBuffer.wrap(slot).order(ByteOrder.LITTLE_ENDIAN);
    private Path folder;
    private RingJournal journal;
    private int index;

    /** A mapped file in memory, as in /run. */
    @Setup
    public void create() throws IOException, JournalException {
        folder = Files.createTempDirectory(Path.of("/dev/shm"), "blkbackd-journal-");
        RingRecord record = new RingRecord("vbd-1-51712", "0".repeat(32), 0, 1, 1, new int[] {8}, 9, 0, SLOTS, 2048,
            512, false, false, "direct:/srv/a.img");
        journal = new JournalFolder(folder).create(record);
    }

    /** Leaves nothing. */
    @TearDown
    public void remove() throws IOException {
        try (Stream<Path> left = Files.list(folder)) {
            left.forEach(path -> path.toFile().delete());
        }
        Files.delete(folder);
    }

    /** One request a pass. */
    @Benchmark
    public int request() {
        return pass(1);
    }

    /** Eight requests a pass. */
    @Benchmark
    @OperationsPerInvocation(8)
    public int requestOf8() {
        return pass(8);
    }

    /** A full ring of one page in a pass. */
    @Benchmark
    @OperationsPerInvocation(SLOTS)
    public int requestOf32() {
        return pass(SLOTS);
    }

    private int pass(int batch) {
        for (int i = 0; i < batch; i++) {
            words.putLong(8, index + i);
            request.load(BlkifAbi.NATIVE, slot, 0);
            journal.enter(i, request, index + i);
        }
        journal.consumed(index + batch);
        for (int i = 0; i < batch; i++) {
            journal.answered(i, index + i);
        }
        journal.published(index + batch);
        for (int i = 0; i < batch; i++) {
            journal.release(i);
        }
        index += batch;
        return index;
    }
}
