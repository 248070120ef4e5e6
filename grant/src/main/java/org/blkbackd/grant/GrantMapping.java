// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

import java.nio.ByteBuffer;

/**
 * A contiguous run of mapped grants. Nothing may touch {@link #buffer} after {@link #close}: the address is gone, and
 * the JVM with it. So a mapping has one owner, who forgets the buffer before closing.
 */
public interface GrantMapping extends AutoCloseable {

    /** Native address of the first page. */
    long address();

    /** All pages as one direct buffer in little-endian order. */
    ByteBuffer buffer();

    /** Unmaps. A second call does nothing. */
    @Override
    void close();
}
