// SPDX-License-Identifier: Apache-2.0

/**
 * Regular files and block devices: {@code direct:PATH} (O_DIRECT) and {@code buffered:PATH} (page cache).
 *
 * <p>An {@code ImageOpener} resolves, checks and probes an {@code Image}; {@code FileDisk} hands out {@code
 * FileEngine}s, which queue requests for the {@code IoPool}; its threads run them in {@code Transfer}, and discards in
 * {@code Discarder}. A {@code UringEngine} gives the kernel what needs no thread, and its {@code FileEngine} the rest.
 * {@code ImageGrowth} puts a larger image in the place of the one that is served. Every system call but those of
 * io_uring goes through {@code FileIo}, so that tests can make any one of them fail, hang or fall short.
 */
package org.blkbackd.ioengine.file;
