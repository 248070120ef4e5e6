// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceNamesTest {

    private static final List<DeviceView> DEVICES = List.of(TestDevices.view(3, 51712), TestDevices.view(3, 51728),
        ofGuest("web", 12), ofGuest("web", 13));

    private static DeviceView ofGuest(String domain, int domid) {
        DeviceView view = TestDevices.view(domid, 51712 + 16 * (domid - 12));
        return new DeviceView(view.name(), domid, domain, view.devid(), view.vdev(), view.kind(), view.target(), null,
            "w", 0, 0, "closed", "closed", 0, 0, 0, 0, null, null, null);
    }

    @ParameterizedTest
    @CsvSource({"vbd-3-51712, vbd-3-51712", "3/xvda, vbd-3-51712", "3/51728, vbd-3-51728", "web/xvda, vbd-12-51712",
        "13/xvdb, vbd-13-51728"})
    void everyNameFindsItsDevice(String word, String name) throws ControlException {
        assertEquals(name, DeviceNames.find(DEVICES, word).name());
    }

    @ParameterizedTest
    @CsvSource({"3/xvdc, there is no device 3/xvdc; did you mean 3/xvda?",
        "vbd-3-51713, there is no device vbd-3-51713; did you mean vbd-3-51712?",
        "banana, there is no device banana; see: blkbackctl list"})
    void aNearMissIsNamed(String word, String message) {
        assertEquals(message, assertThrows(ControlException.class, () -> DeviceNames.find(DEVICES, word))
            .getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "3/", "/xvda", "null/xvda", "vbd-3-51712\n", "3/XVDA"})
    void otherWordsFindNothing(String word) {
        assertEquals(ControlError.NO_SUCH_DEVICE,
            assertThrows(ControlException.class, () -> DeviceNames.find(DEVICES, word)).error());
    }

    @Test
    void aNameOfTwoDevicesIsNotGuessed() {
        List<DeviceView> two = List.of(TestDevices.view(3, 51712), new DeviceView("qdisk-3-51712", 3, null, 51712,
            "xvda", "qdisk", "/b", null, "w", 0, 0, "closed", "closed", 0, 0, 0, 0, null, null, null));
        assertEquals("3/xvda is more than one device: vbd-3-51712, qdisk-3-51712",
            assertThrows(ControlException.class, () -> DeviceNames.find(two, "3/xvda")).getMessage());
    }

    @Test
    void aLongWordIsCutAndNotSearchedFor() {
        String message = assertThrows(ControlException.class, () -> DeviceNames.find(DEVICES, "x".repeat(4000)))
            .getMessage();
        assertEquals("there is no device " + "x".repeat(80) + "...; see: blkbackctl list", message);
    }

    @ParameterizedTest
    @CsvSource({"51712, xvda", "51713, xvda1", "51952, xvdp", "268439552, xvdq", "268439809, xvdr1", "268442112, xvdaa",
        "768, hda", "833, hdb1", "5632, hdc", "2048, sda", "2065, sdb1", "5, 5", "-1, xvdbgqcv255"})
    void devicesAreCalledWhatTheGuestCallsThem(int devid, String name) {
        assertEquals(name, VdevName.of(devid));
    }
}
