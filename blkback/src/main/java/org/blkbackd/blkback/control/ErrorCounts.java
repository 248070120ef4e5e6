// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

/**
 * Requests that failed, by kind.
 *
 * @param malformed   what the frontend wrote makes no sense
 * @param unsupported an operation we do not know
 * @param copy        the guest's pages could not be copied
 * @param io          the disk failed the request
 */
public record ErrorCounts(long malformed, long unsupported, long copy, long io) {

    /** No errors. */
    public static final ErrorCounts NONE = new ErrorCounts(0, 0, 0, 0);

    /** All kinds together. */
    public long total() {
        return malformed + unsupported + copy + io;
    }
}
