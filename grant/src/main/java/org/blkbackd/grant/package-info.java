// SPDX-License-Identifier: Apache-2.0

/**
 * The seam to the hypervisor: grants and event channels, as a backend domain uses them.
 *
 * <p>{@code xen} speaks to libxengnttab and libxenevtchn; {@code sim} is a hypervisor whose state lives in a folder.
 * Both pass the same contract tests.
 */
package org.blkbackd.grant;
