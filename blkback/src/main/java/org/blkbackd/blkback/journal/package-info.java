// SPDX-License-Identifier: Apache-2.0

/**
 * What is in flight on a ring, kept where it outlives the process: a file in memory for each ring. A successor, after a
 * crash, a restart or a hand-over, finds in it what was taken off the ring and not answered.
 */
package org.blkbackd.blkback.journal;
