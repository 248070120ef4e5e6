// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

class DirectFile65536Test extends FileDiskContract {

    DirectFile65536Test() {
        super("direct", FileOptions.DEFAULTS.withForcedAlignment(65536));
    }
}
