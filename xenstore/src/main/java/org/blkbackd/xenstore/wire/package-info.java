// SPDX-License-Identifier: Apache-2.0

/**
 * The xenstore wire protocol (xen/include/public/io/xs_wire.h) as Netty handlers, with no I/O and no policy. The
 * client and the simulated xenstored use the same two handlers.
 */
package org.blkbackd.xenstore.wire;
