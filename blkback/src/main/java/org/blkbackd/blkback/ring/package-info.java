// SPDX-License-Identifier: Apache-2.0

/**
 * The data path: workers and the rings they own. Knows memory, event channels and engines; neither xenstore nor a
 * logger. Nothing here allocates, locks or throws while requests flow.
 */
package org.blkbackd.blkback.ring;
