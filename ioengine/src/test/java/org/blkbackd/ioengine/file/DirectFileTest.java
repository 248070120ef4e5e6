// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

class DirectFileTest extends FileDiskContract {

    DirectFileTest() {
        super("direct", FileOptions.DEFAULTS);
    }
}
