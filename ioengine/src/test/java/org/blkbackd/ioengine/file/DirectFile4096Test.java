// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

class DirectFile4096Test extends FileDiskContract {

    DirectFile4096Test() {
        super("direct", FileOptions.DEFAULTS.withForcedAlignment(4096));
    }
}
