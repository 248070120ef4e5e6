// SPDX-License-Identifier: Apache-2.0

/**
 * One daemon takes the place of another while guests go on: {@link org.blkbackd.blkback.handover.Predecessor} in the
 * running daemon answers, {@link org.blkbackd.blkback.handover.Successor} in the new one asks. Everything that could
 * fail is looked at before anything is taken away; then devices change hands one by one; what fails, wherever it does,
 * makes all of them go back. Neither side trusts the other's bytes, and neither takes up a device that a living process
 * may still hold.
 */
package org.blkbackd.blkback.handover;
