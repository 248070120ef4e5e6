// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.memory;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngineContract;

class NullDiskTest extends IoEngineContract {

    @Override
    protected Disk open(long bytes, boolean readOnly) {
        return new NullDisk(bytes, readOnly);
    }

    @Override
    protected boolean keepsData() {
        return false;
    }
}
