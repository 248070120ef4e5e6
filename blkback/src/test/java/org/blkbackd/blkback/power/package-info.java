// SPDX-License-Identifier: Apache-2.0

/**
 * Power failures under the whole service. {@link org.blkbackd.blkback.power.PowerHost} is a simulated host with the
 * real daemon and a disk that records what reaches it; {@link org.blkbackd.blkback.power.PowerGuest} writes, flushes,
 * and keeps what it was promised; {@link org.blkbackd.blkback.power.PowerFailures} plays the failures and compares.
 */
package org.blkbackd.blkback.power;
