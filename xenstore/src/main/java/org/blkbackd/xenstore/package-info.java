// SPDX-License-Identifier: Apache-2.0

/**
 * What a backend needs of xenstored: nodes, transactions, watches.
 *
 * <p>{@code wire} is the protocol with no I/O, {@code client} speaks it over a socket or /dev/xen/xenbus, {@code sim}
 * is a xenstored for machines without one. The real xenstored and the simulated one pass the same contract tests.
 */
package org.blkbackd.xenstore;
