// SPDX-License-Identifier: Apache-2.0

/**
 * The control socket's server: one Netty loop of its own, so that no client, however slow or many, is ever served by
 * the conductor or a worker. Netty over the JDK's unix sockets: the framing, write time-out and back pressure that a
 * hostile client calls for are there, and xenstore's client has the library loaded anyway.
 */
package org.blkbackd.blkback.control.server;
