// SPDX-License-Identifier: Apache-2.0

/**
 * The other end, for machines without Xen: a toolstack that writes the nodes libxl writes, and a guest whose frontend
 * speaks blkif over a simulated hypervisor. It shares the wire with the backend and nothing else.
 */
package org.blkbackd.blkback.sim;
