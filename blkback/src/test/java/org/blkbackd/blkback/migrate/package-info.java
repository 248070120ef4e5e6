// SPDX-License-Identifier: Apache-2.0

/**
 * Two hosts in one process, each with a hypervisor, a xenstored, a toolstack and a daemon of its own, that share one
 * image; a guest that moves between them as xl and blkfront do it, with everything that can fail on the way; and a
 * record of what reaches the image from either side, with one clock. Never two writers, never a stale read.
 */
package org.blkbackd.blkback.migrate;
