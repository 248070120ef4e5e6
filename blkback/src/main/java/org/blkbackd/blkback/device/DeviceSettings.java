// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.blkif.RateLimits;
import org.blkbackd.blkback.journal.JournalFolder;

/**
 * What holds for every device.
 *
 * @param journals where the rings' journals are
 * @param policy   on I/O errors, where the disk's own target does not say
 * @param limits   on what is asked of a disk, where its own target does not say
 * @param claims   on images, where other hosts may have them
 */
public record DeviceSettings(JournalFolder journals, ErrorPolicy policy, RateLimits limits, Claims claims) {

    /** On a host that shares no images. */
    public DeviceSettings(JournalFolder journals, ErrorPolicy policy) {
        this(journals, policy, RateLimits.NONE, Claims.NONE);
    }
}
