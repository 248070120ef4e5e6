// SPDX-License-Identifier: Apache-2.0

/**
 * The xenstore client. {@code Transport} opens {@code Link}s (a unix socket, or /dev/xen/xenbus); a {@code Connection}
 * matches replies to requests on one link; the {@code Keeper} replaces a lost connection and re-registers watches;
 * the {@code WatchDispatcher} tells listeners on its own thread.
 */
package org.blkbackd.xenstore.client;
