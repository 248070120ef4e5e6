// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

class DirectLoopDeviceTest extends LoopDeviceContract {

    DirectLoopDeviceTest() {
        super("direct", 512);
    }
}
