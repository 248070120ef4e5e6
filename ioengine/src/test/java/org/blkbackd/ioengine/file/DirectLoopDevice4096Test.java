// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

class DirectLoopDevice4096Test extends LoopDeviceContract {

    DirectLoopDevice4096Test() {
        super("direct", 4096);
    }
}
