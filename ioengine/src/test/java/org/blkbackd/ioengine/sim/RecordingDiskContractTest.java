// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngineContract;
import org.blkbackd.ioengine.memory.MemoryDisk;

/** A disk that records is a disk like any other. */
class RecordingDiskContractTest extends IoEngineContract {

    @Override
    protected Disk open(long bytes, boolean readOnly) {
        return RecordingDisk.wrap(new MemoryDisk(bytes, readOnly));
    }

    @Override
    protected boolean allocates() {
        return true;
    }
}
