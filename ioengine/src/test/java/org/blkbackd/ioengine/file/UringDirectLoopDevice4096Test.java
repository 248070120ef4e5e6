// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.uring.UringLoops;

class UringDirectLoopDevice4096Test extends LoopDeviceContract {

    UringDirectLoopDevice4096Test() {
        super("direct", 4096, UringLoops::of);
    }
}
