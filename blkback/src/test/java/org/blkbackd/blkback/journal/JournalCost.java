// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.journal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.wire.RingRecord;

/** What the journal costs a request, printed; run by {@code packaging/bench/journal.sh}. No test. */
final class JournalCost {

    private static final int SLOTS = 32;
    private static final int REQUESTS = 4_000_000;
    private static final int RUNS = 9;

    private JournalCost() {
    }

    /** @param args the folder for the journal, requests taken in one pass */
    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory(Path.of(args[0]), "journal-cost-");
        RingRecord record = new RingRecord("vbd-1-51712", "0".repeat(32), 0, 1, 1, new int[] {8}, 9, 0, SLOTS, 2048,
            512, false, false, "direct:/srv/a.img");
        JournalFolder journals = new JournalFolder(folder);
        RingJournal journal = journals.create(record);
        int batch = Integer.parseInt(args[1]);
        double[] nanos = new double[RUNS];
        for (int run = 0; run < RUNS; run++) {
            nanos[run] = run(journal, batch);
        }
        Arrays.sort(nanos);
        System.out.printf(Locale.ROOT, "journal: %.0f ns per request (%.0f to %.0f), %d requests a pass%n",
            nanos[RUNS / 2], nanos[0], nanos[RUNS - 1], batch);
        journals.remove(record.device());
        try (Stream<Path> left = Files.list(folder)) {
            left.forEach(path -> path.toFile().delete());
        }
        Files.delete(folder);
    }

    /** The stores of RingJournal's steps 1 to 6, without what is between them. */
    private static double run(RingJournal journal, int batch) {
        BlkifRequest request = new BlkifRequest();
        byte[] slot = new byte[BlkifAbi.MAX_SLOT_SIZE];
        ByteBuffer words = ByteBuffer.wrap(slot).order(ByteOrder.LITTLE_ENDIAN);
        long began = System.nanoTime();
        for (int index = 0; index < REQUESTS; index += batch) {
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
        }
        return (double) (System.nanoTime() - began) / REQUESTS;
    }
}
