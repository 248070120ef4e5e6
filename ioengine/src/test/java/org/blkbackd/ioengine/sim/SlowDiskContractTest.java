// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import java.util.Random;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngineContract;
import org.blkbackd.ioengine.memory.MemoryDisk;

/** A slow disk is a disk like any other; random delays also reorder. */
class SlowDiskContractTest extends IoEngineContract {

    @Override
    protected Disk open(long bytes, boolean readOnly) {
        Random random = new Random(1);
        return SlowDisk.wrap(new MemoryDisk(bytes, readOnly), request -> random.nextInt(2));
    }

    @Override
    protected boolean allocates() {
        return true;
    }
}
