// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

/**
 * One operation of one device since it was connected.
 *
 * @param count   requests answered OKAY
 * @param bytes   of data that these moved
 * @param latency how long requests took, from the ring to their response, failed ones included
 */
public record OperationStats(long count, long bytes, Latency latency) {

    /** Nothing has happened. */
    public static final OperationStats NONE = new OperationStats(0, 0, Latency.NONE);

    /** What happened since {@code earlier}. */
    public OperationStats since(OperationStats earlier) {
        return new OperationStats(count - earlier.count, bytes - earlier.bytes, latency.since(earlier.latency));
    }
}
