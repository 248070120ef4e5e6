// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.uring.UringLoops;

class UringBufferedFileTest extends FileDiskContract {

    UringBufferedFileTest() {
        super("buffered", FileOptions.DEFAULTS, UringLoops::of);
    }
}
