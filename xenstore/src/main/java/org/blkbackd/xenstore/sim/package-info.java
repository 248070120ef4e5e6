// SPDX-License-Identifier: Apache-2.0

/**
 * A xenstored for machines without Xen: real unix sockets, the same codec, and the behaviour of the C xenstored of Xen
 * 4.17, which passes the same contract test. Domain 0 connects to {@code socket}, domain N to {@code socket.N}. It
 * fails on demand. Everything is owned by one event loop thread; only {@code SimXenstored} is called from outside it.
 */
package org.blkbackd.xenstore.sim;
