// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiskConfigTest {

    @ParameterizedTest
    @CsvSource({"xvda,51712", "xvdb,51728", "xvdp,51952", "xvdq,268439552", "xvdz,268441856", "xvdaa,268442112",
        "xvdba,268448768"})
    void theDeviceNumberIsThatOfVbdInterface(String vdev, int devid) {
        assertEquals(devid, DiskConfig.vbd(1, vdev, "/srv/a.img").devid());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "xvd", "xvda1", "sda", "XVDA", "xvdaaaa"})
    void whatIsNoWholeXvdDiskIsRefused(String vdev) {
        assertThrows(IllegalArgumentException.class, () -> DiskConfig.vbd(1, vdev, "/srv/a.img").devid());
    }
}
