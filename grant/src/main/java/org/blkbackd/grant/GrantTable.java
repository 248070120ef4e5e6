// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

/**
 * Maps and copies pages that frontends have granted to this domain.
 *
 * <p>{@link #map} may be called from any thread; a {@link GrantCopy} belongs to the thread that made it.
 */
public interface GrantTable extends AutoCloseable {

    /** Bytes of a granted page, on every architecture that blkif knows (XEN_PAGE_SIZE). */
    int PAGE_SIZE = 4096;

    /**
     * Maps pages of {@code domid} at consecutive addresses, in the order of {@code grantRefs}, readable and writable.
     * All of them or none.
     *
     * @throws GrantException naming the domain, the refs and the errno
     */
    GrantMapping map(int domid, int[] grantRefs);

    /** A reusable batch of at most {@code capacity} copy segments, all in one direction. */
    GrantCopy newCopy(GrantCopy.Direction direction, int capacity);

    /** Closes the handle. Mappings that are still open stay valid until they are closed. */
    @Override
    void close();
}
