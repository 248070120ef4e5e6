// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.power;

/**
 * What an acknowledged flush promised a guest.
 *
 * @param point      of the disk's log, taken after the acknowledgement; from there on the promise holds
 * @param generation of every sector, the one that was acknowledged before the flush was sent; 0 for none
 */
record Promise(int point, int[] generation) {
}
