// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

class BufferedLoopDevice4096Test extends LoopDeviceContract {

    BufferedLoopDevice4096Test() {
        super("buffered", 4096);
    }
}
