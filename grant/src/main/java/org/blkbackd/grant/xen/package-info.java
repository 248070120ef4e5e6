// SPDX-License-Identifier: Apache-2.0

/**
 * Grants and event channels over libxengnttab and libxenevtchn, which keep a stable ABI across Xen versions.
 *
 * <p>The libraries are looked for when a handle is opened, in the loader's ordinary places: without Xen the classes
 * load, and opening says what is missing.
 */
package org.blkbackd.grant.xen;
