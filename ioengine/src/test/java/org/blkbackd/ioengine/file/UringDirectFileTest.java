// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.uring.UringLoops;

class UringDirectFileTest extends FileDiskContract {

    UringDirectFileTest() {
        super("direct", FileOptions.DEFAULTS, UringLoops::of);
    }
}
