// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

/**
 * How a disk was parked, of which there is something to say only if it ever was.
 *
 * @param parked  it is now: its guest seems to be suspended, and its image is closed
 * @param parks   how often it was since it was attached
 * @param unparks how often its guest went on here
 */
public record ParkCounts(boolean parked, long parks, long unparks) {
}
