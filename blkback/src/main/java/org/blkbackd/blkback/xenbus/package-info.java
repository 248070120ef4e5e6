// SPDX-License-Identifier: Apache-2.0

/**
 * The control path's protocol: the xenbus handshake as a pure state machine, and the two xenstore directories it is
 * spoken through. Knows neither rings nor disks.
 */
package org.blkbackd.blkback.xenbus;
