// SPDX-License-Identifier: Apache-2.0

/**
 * How the daemons of several hosts speak to each other: TLS 1.3 with certificates on both sides, one connection for
 * each peer and direction, made when there is something to say and closed when there is nothing more. One Netty loop
 * owns all of it, the claims included, so that no peer, however slow or hostile, is ever served by the conductor or a
 * worker.
 */
package org.blkbackd.blkback.migration.net;
