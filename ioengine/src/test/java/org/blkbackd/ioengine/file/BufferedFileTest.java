// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

class BufferedFileTest extends FileDiskContract {

    BufferedFileTest() {
        super("buffered", FileOptions.DEFAULTS);
    }
}
