// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

/**
 * What one device has done since it was connected, all its rings together.
 *
 * @param name     as the kernel names it, {@code vbd-3-51712}
 * @param domid    of the frontend
 * @param vdev     what the guest calls it
 * @param kind     of its backend directory
 * @param target   the disk's address
 * @param requests taken off the rings
 * @param inFlight of those, not yet answered
 * @param held     of those in flight, kept unanswered because answering would lose data
 * @param notifies events sent to the frontend
 * @param limited  times that requests began to wait because of the disk's limits
 * @param read     READ
 * @param write    WRITE
 * @param flush    FLUSH, with or without data
 * @param discard  DISCARD
 * @param errors   requests answered with an error, by kind
 * @param parking  whether and how often it was parked, or null when it never was
 */
public record DeviceStats(String name, int domid, String vdev, String kind, String target, long requests,
                          long inFlight, long held, long notifies, long limited, OperationStats read,
                          OperationStats write, OperationStats flush, OperationStats discard, ErrorCounts errors,
                          ParkCounts parking) {
}
