// SPDX-License-Identifier: Apache-2.0

/**
 * The one format of what outlives a process or goes from one to another: sealed {@link
 * org.blkbackd.blkback.wire.Envelope}s around bodies of explicit little-endian fields. No structure of memory is
 * dumped, nothing is padded. A newer program reads every older version of a body; an older one refuses a newer one by
 * name. All that is read back is judged as if a guest had written it, and the only way to be refused is
 * {@link org.blkbackd.blkback.wire.WireException}. The tests keep the bytes of every released version.
 */
package org.blkbackd.blkback.wire;
