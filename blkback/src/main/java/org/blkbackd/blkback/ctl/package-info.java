// SPDX-License-Identifier: Apache-2.0

/**
 * The command {@code blkbackctl}: asks the daemon over its control socket and shows the answer, as tables for people or
 * as the daemon's own JSON for programs. It shares the format with the daemon and starts without its libraries.
 */
package org.blkbackd.blkback.ctl;
