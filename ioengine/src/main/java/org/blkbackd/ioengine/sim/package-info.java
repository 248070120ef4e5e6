// SPDX-License-Identifier: Apache-2.0

/**
 * Disks that misbehave on purpose: decorators over any disk that delay, hold, reorder or fail its requests. They serve
 * tests of whatever uses a disk, and demonstrations of what it does in trouble.
 */
package org.blkbackd.ioengine.sim;
