// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.uring.UringLoops;

class UringDirectLoopDeviceTest extends LoopDeviceContract {

    UringDirectLoopDeviceTest() {
        super("direct", 512, UringLoops::of);
    }
}
