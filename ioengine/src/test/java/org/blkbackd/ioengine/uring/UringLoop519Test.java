// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.uring;

import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoLoopContract;

/** As on Linux 5.19, which has neither SINGLE_ISSUER nor DEFER_TASKRUN. */
class UringLoop519Test extends IoLoopContract {

    @Override
    protected IoLoop open() {
        return UringLoops.open(256, 16384, 1);
    }
}
