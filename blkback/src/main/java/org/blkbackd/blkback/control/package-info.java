// SPDX-License-Identifier: Apache-2.0

/**
 * What an administrator may see and ask of a running daemon, and how it looks on the control socket: one JSON object a
 * line, request and reply in turn, every one with the version of the format. The daemon implements
 * {@link org.blkbackd.blkback.control.ControlledDevices}; {@code control.server} serves it, {@code ctl} is the other
 * end.
 */
package org.blkbackd.blkback.control;
