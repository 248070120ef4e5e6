// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

/**
 * A reusable batch of grant-copy segments: one crossing for the batch, one status per segment.
 *
 * <p>One direction per batch, because gntdev takes "the local pages are written" from the batch's last segment
 * (linux/drivers/xen/gntdev.c, {@code gntdev_copy}). Owned by one thread; allocates nothing after construction.
 */
public interface GrantCopy extends AutoCloseable {

    /** Which way the bytes of a batch travel. */
    enum Direction { FROM_GUEST, TO_GUEST }

    /** Status of a segment that was copied ({@code GNTST_okay}); every failure is negative. */
    int OKAY = 0;

    /** Segments the batch can hold. */
    int capacity();

    /** Segments added since the last {@link #clear}. */
    int size();

    /** Forgets all segments. */
    void clear();

    /**
     * Adds one segment and returns its index.
     *
     * @param offsetBytes first byte within the granted page; {@code offsetBytes + lengthBytes <= 4096}
     * @param address     native address of our side, which may cross pages
     * @throws IllegalStateException when the batch is full, IllegalArgumentException when the segment leaves the page:
     *                               both are faults of the caller, who validates what a guest asks for
     */
    int add(int domid, int grantRef, int offsetBytes, long address, int lengthBytes);

    /**
     * Copies all segments. Returns 0, after which every segment has its own {@link #status}, or a negative errno when
     * the call as a whole failed, after which no segment may be taken as copied. An empty batch crosses nothing.
     */
    int execute();

    /** {@link #OKAY} or a negative {@code GNTST_*} of the segment at {@code index}, after {@link #execute}. */
    int status(int index);

    @Override
    void close();
}
