// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.loop;

import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoLoopContract;

class PollLoopTest extends IoLoopContract {

    @Override
    protected IoLoop open() {
        return new PollLoop();
    }
}
