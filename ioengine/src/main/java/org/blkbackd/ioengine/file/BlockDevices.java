// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.nio.file.Files;
import java.nio.file.Path;

/** What /sys/dev/block says about a device; read without opening the device. */
final class BlockDevices {

    private static final Path ROOT = Path.of("/sys/dev/block");

    private BlockDevices() {
    }

    /** Bytes, or -1 when unknown. */
    static long sizeBytes(String deviceNumber) {
        long sectors = number(ROOT.resolve(deviceNumber).resolve("size"));
        return sectors < 0 ? -1 : sectors * 512;
    }

    static boolean isReadOnly(String deviceNumber) {
        return number(ROOT.resolve(deviceNumber).resolve("ro")) == 1;
    }

    /** Bytes that are discarded together; 0 when the device does not discard. */
    static int discardGranularity(String deviceNumber) {
        Path device = ROOT.resolve(deviceNumber);
        // a partition has no queue of its own; its directory lies in its disk's
        Path queue = Files.isDirectory(device.resolve("queue")) ? device.resolve("queue")
            : device.resolve("../queue");
        long granularity = number(queue.resolve("discard_granularity"));
        boolean works = number(queue.resolve("discard_max_bytes")) > 0;
        return works && granularity > 0 && granularity <= 1 << 30 ? (int) granularity : 0;
    }

    /** Bytes before the first unit that is discarded whole: a partition may begin inside one. */
    static int discardAlignment(String deviceNumber) {
        long alignment = number(ROOT.resolve(deviceNumber).resolve("discard_alignment"));
        // a stack of devices that do not agree says -1
        return alignment > 0 && alignment <= 1 << 30 ? (int) alignment : 0;
    }

    private static long number(Path file) {
        try {
            // a missing file is no number either
            return Long.parseLong(SysText.read(file));
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
