// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.ioengine.IoRequest;

/**
 * A request from the ring to its response. Pooled; owned by its ring, lent to the engine.
 *
 * <p>Its data lies in chunks of the worker's, segment after segment; a segment that would cross the end of a chunk
 * begins the next one. So {@link #MAX_CHUNKS} hold the largest request: sixteen pages always fit a chunk.
 */
final class PendingRequest extends IoRequest {

    /** Bytes of a chunk. */
    static final int CHUNK_SIZE = 16 * Blkif.PAGE_SIZE;
    /** Chunks of the largest request. */
    static final int MAX_CHUNKS = Blkif.MAX_INDIRECT_SEGMENTS / 16;
    /** No descriptor table. */
    static final int NONE = -1;

    private final BlkifRequest blkif = new BlkifRequest();
    private final int[] chunks = new int[MAX_CHUNKS];
    private final int number;
    private long sequence;
    private boolean held;
    private boolean flushHeld;
    private int chunkCount;
    private int table = NONE;
    private int verdict;
    private int step;
    private long takenAt;
    private int firstCopy;
    private int copies;
    private int cursorChunk;
    private int cursorUsed;

    /** @param number of its own in its ring, from 0: its entry in the journal */
    PendingRequest(int number) {
        super(MAX_CHUNKS);
        this.number = number;
    }

    int number() {
        return number;
    }

    /** Its place in the order in which the ring's requests were taken. */
    long sequence() {
        return sequence;
    }

    void sequence(long place) {
        sequence = place;
    }

    /** Whether it failed and was not answered since, also while it is tried again. */
    boolean isHeld() {
        return held;
    }

    void held(boolean isHeld) {
        held = isHeld;
    }

    /** It is held, and it was a flush that failed. */
    boolean isFlushHeld() {
        return flushHeld;
    }

    void flushHeld(boolean isFlush) {
        flushHeld = isFlush;
    }

    BlkifRequest blkif() {
        return blkif;
    }

    /** It was taken off the ring at {@code nanos} (System.nanoTime). */
    void takenAt(long nanos) {
        takenAt = nanos;
    }

    /** It is to be carried out from its beginning if that is RSP_OKAY. */
    void judged(int status) {
        verdict = status;
        step = 0;
    }

    /** When it was taken off the ring. */
    long takenAt() {
        return takenAt;
    }

    /** RSP_OKAY, or the status it is to be answered with without any I/O. */
    int verdict() {
        return verdict;
    }

    void verdict(int status) {
        verdict = status;
    }

    /** How many of the operations it is made of are done. */
    int step() {
        return step;
    }

    void nextStep() {
        step++;
    }

    // --- descriptors ------------------------------------------------------------------------------------------------

    /** Number of the buffer that holds its segments, or {@link #NONE}. */
    int table() {
        return table;
    }

    void table(int buffer) {
        table = buffer;
    }

    // --- where its data is ------------------------------------------------------------------------------------------

    /** Chunks that its segments need. */
    int chunksNeeded() {
        rewind();
        for (int i = 0; i < blkif.segments(); i++) {
            advance(bytes(i));
        }
        return blkif.segments() == 0 ? 0 : cursorChunk + 1;
    }

    int chunkCount() {
        return chunkCount;
    }

    int chunk(int index) {
        return chunks[index];
    }

    void addChunk(int buffer) {
        chunks[chunkCount++] = buffer;
    }

    void forgetChunks() {
        chunkCount = 0;
    }

    /** Before a walk over the segments with {@link #next}. */
    void rewind() {
        cursorChunk = 0;
        cursorUsed = 0;
    }

    /** Address of the data of the next segment, the one with this number. */
    long next(BufferPool pool, int segment) {
        int bytes = bytes(segment);
        advance(bytes);
        return pool.address(chunks[cursorChunk]) + cursorUsed - bytes;
    }

    private void advance(int bytes) {
        if (cursorUsed + bytes > CHUNK_SIZE) {
            cursorChunk++;
            cursorUsed = 0;
        }
        cursorUsed += bytes;
    }

    /** Bytes of one segment. */
    int bytes(int segment) {
        return blkif.sectors(segment) << Blkif.SECTOR_SHIFT;
    }

    /** Prepares the transfer of its data. */
    void prepareData(Operation operation, BufferPool pool) {
        prepare(operation, blkif.sector() << Blkif.SECTOR_SHIFT);
        rewind();
        for (int i = 0; i < blkif.segments(); i++) {
            long address = next(pool, i);
            add(address, bytes(i));
        }
    }

    // --- its part of a copy batch -----------------------------------------------------------------------------------

    /** It has {@code count} segments in a batch, from index {@code first} on. */
    void copies(int first, int count) {
        firstCopy = first;
        copies = count;
    }

    int firstCopy() {
        return firstCopy;
    }

    int copyCount() {
        return copies;
    }
}
