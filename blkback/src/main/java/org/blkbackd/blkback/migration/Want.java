// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import org.blkbackd.blkback.device.FeatureState;

/**
 * What a device of this host wants with an image, or has left of it.
 *
 * @param device   as {@code vbd-3-51712}
 * @param image    its identity, the same on every host
 * @param domain   UUID of the guest, or empty where it is not known
 * @param vdev     what the guest calls the disk
 * @param running  the guest was connected to the disk before, and waits for it
 * @param features what the guest has negotiated or will need
 */
public record Want(String device, String image, String domain, String vdev, boolean running, FeatureState features) {

    /** Readers do not disturb each other. */
    boolean conflictsWith(boolean otherReadOnly) {
        return !(otherReadOnly && features.readOnly());
    }

    /** Whoever has this has {@code other}, too. */
    boolean covers(Want other) {
        return image.equals(other.image) && (!features.readOnly() || other.features.readOnly());
    }

    /** Another guest's, as far as anybody knows. */
    boolean isOfAnother(String otherDomain) {
        return !domain.isEmpty() && !otherDomain.isEmpty() && !domain.equals(otherDomain);
    }
}
