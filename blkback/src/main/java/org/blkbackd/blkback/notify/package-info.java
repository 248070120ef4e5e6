// SPDX-License-Identifier: Apache-2.0

/**
 * What the service manager is told: that the daemon is ready, stops, and that its threads still answer. The protocol is
 * sd_notify(3)'s, over the socket in NOTIFY_SOCKET; without one nothing is said.
 */
package org.blkbackd.blkback.notify;
