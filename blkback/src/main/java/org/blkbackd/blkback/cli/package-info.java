// SPDX-License-Identifier: Apache-2.0

/** The command {@code blkbackd}: its subcommands, exit statuses, and how a signal stops it. */
package org.blkbackd.blkback.cli;
