// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * A reusable request: operation, byte range and scatter list. It belongs to the caller until {@link IoEngine#submit}
 * takes it and again from the moment {@link IoEngine#reap} returns it; subclasses may carry the caller's own state.
 *
 * <p>The memory behind the scatter list is the caller's, stays valid while the request is in flight, and needs no
 * alignment; page-aligned memory in 4096-byte pieces is never copied.
 */
public class IoRequest {

    /** What to do. */
    public enum Operation {
        READ, WRITE,
        /** Makes durable what {@link IoEngine} says it covers; range and scatter list are ignored. */
        FLUSH,
        /** Gives the range back to the storage; its content is undefined until it is written. */
        DISCARD
    }

    private final long[] addresses;
    private final int[] lengths;
    private Operation operation;
    private long offsetBytes;
    private long lengthBytes;
    private int pieces;
    private long result;
    private boolean secure;
    private long progressBytes;

    /** A request that can hold {@code maxPieces} separate runs of memory. */
    public IoRequest(int maxPieces) {
        addresses = new long[maxPieces];
        lengths = new int[maxPieces];
    }

    /** Starts a READ, WRITE or FLUSH with an empty scatter list. */
    public final void prepare(Operation what, long atBytes) {
        operation = what;
        offsetBytes = atBytes;
        lengthBytes = 0;
        pieces = 0;
        result = 0;
        secure = false;
        progressBytes = 0;
    }

    /** Starts a DISCARD of a range. */
    public final void prepareDiscard(long atBytes, long forBytes) {
        prepareDiscard(atBytes, forBytes, false);
    }

    /**
     * Starts a DISCARD of a range.
     *
     * @param withoutTrace no copy of the data may be left anywhere on the storage ({@link DiskInfo#secureDiscard})
     */
    public final void prepareDiscard(long atBytes, long forBytes, boolean withoutTrace) {
        prepare(Operation.DISCARD, atBytes);
        lengthBytes = forBytes;
        secure = withoutTrace;
    }

    /** Appends memory to the scatter list; a piece that continues the one before it is joined to it. */
    public final void add(long address, int bytes) {
        int last = pieces - 1;
        if (last >= 0 && addresses[last] + lengths[last] == address) {
            lengths[last] += bytes;
        } else {
            addresses[pieces] = address;
            lengths[pieces] = bytes;
            pieces++;
        }
        lengthBytes += bytes;
    }

    /** What to do. */
    public final Operation operation() {
        return operation;
    }

    /** First byte on the disk. */
    public final long offsetBytes() {
        return offsetBytes;
    }

    /** Bytes on the disk: the scatter list's sum, or a discard's range. */
    public final long lengthBytes() {
        return lengthBytes;
    }

    /** Entries of the scatter list. */
    public final int pieces() {
        return pieces;
    }

    /** Native address of one entry. */
    public final long address(int piece) {
        return addresses[piece];
    }

    /** Bytes of one entry. */
    public final int length(int piece) {
        return lengths[piece];
    }

    /** Whether a DISCARD is to leave no trace. */
    public final boolean isSecure() {
        return secure;
    }

    /** Zero for success of the whole range, else a negative errno; a part that failed makes the whole fail. */
    public final long result() {
        return result;
    }

    /** For engines: how much of a request that is done in parts is done; 0 when it was submitted. */
    public final long progressBytes() {
        return progressBytes;
    }

    /** For engines: sets {@link #progressBytes}. */
    public final void progressTo(long bytes) {
        progressBytes = bytes;
    }

    /** For engines: sets {@link #result}. */
    public final void complete(long zeroOrErrno) {
        result = zeroOrErrno;
    }
}
