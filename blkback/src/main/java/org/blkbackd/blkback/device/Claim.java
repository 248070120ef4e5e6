// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import org.blkbackd.blkback.control.VdevName;
import org.blkbackd.blkback.xenbus.VbdAddress;

/**
 * The wish to open one image for one guest.
 *
 * @param device     which of this host's devices
 * @param target     the disk without its options, as the toolstack wrote it
 * @param name       what the image is called on every host, or null: what its storage says counts
 * @param exclusive  false: others may have it open, too ({@code exclusive=none})
 * @param domainUuid of the guest, the same on every host; null where it cannot be known, as in a driver domain
 * @param needs      what the guest has negotiated or will need
 */
public record Claim(VbdAddress device, String target, String name, boolean exclusive, String domainUuid,
                    FeatureState needs) {

    /** What the guest calls the disk, {@code xvda}: the same on every host. */
    public String vdev() {
        return VdevName.of(device.devid());
    }

    /** The same image with what has become known of it. */
    Claim with(FeatureState known) {
        return new Claim(device, target, name, exclusive, domainUuid, known);
    }
}
