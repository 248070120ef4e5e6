// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.uring.UringLoops;

class UringDirectFile4096Test extends FileDiskContract {

    UringDirectFile4096Test() {
        super("direct", FileOptions.DEFAULTS.withForcedAlignment(4096), UringLoops::of);
    }
}
