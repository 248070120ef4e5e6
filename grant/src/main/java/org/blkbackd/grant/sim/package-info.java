// SPDX-License-Identifier: Apache-2.0

/**
 * A simulated hypervisor whose state is a folder of shared files.
 *
 * <p>Frontend and backend may be one process or several, and any of them may be killed at any instant. Nothing is
 * locked: every change of state is one compare-and-set, ordered so that a change left half done reads as not done; and
 * what a dead process owned counts as released, because a lock that the kernel dropped with it says so.
 */
package org.blkbackd.grant.sim;
