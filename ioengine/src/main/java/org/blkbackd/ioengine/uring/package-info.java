// SPDX-License-Identifier: Apache-2.0

/**
 * The loop on io_uring(7): {@code Uring} is the kernel's interface and no more, {@code UringLoop} is one worker's use
 * of it. Nothing here knows of disks.
 */
package org.blkbackd.ioengine.uring;
