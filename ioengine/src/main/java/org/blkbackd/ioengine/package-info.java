// SPDX-License-Identifier: Apache-2.0

/**
 * Disks and the engines that move their data, behind one contract.
 *
 * <p>Two handles on a disk: {@link org.blkbackd.ioengine.Disk} for deciding, {@link org.blkbackd.ioengine.IoEngine} for
 * moving data. {@code file} serves files and block devices ({@code direct}, {@code buffered}), {@code memory} holds
 * {@code memory} and {@code null}.
 */
package org.blkbackd.ioengine;
