// SPDX-License-Identifier: Apache-2.0

/**
 * The vbds: one control thread, the {@link org.blkbackd.blkback.device.VbdConductor}, owns them all, turns what changed
 * in xenstore into steps of the state machine, and has the steps' actions carried out by workers and a storage pool.
 */
package org.blkbackd.blkback.device;
