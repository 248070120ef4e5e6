// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checker and a backend that nothing happens to: whatever it finds wrong then is its own mistake. */
class HonestBackendTest {

    @TempDir
    private Path folder;

    @Test
    void nothingIsFoundWrong() throws Exception {
        try (CrashHost host = new CrashHost(folder, Path.of("target"), 1)) {
            host.start();
            host.boot(CrashHost.Shape.plain(1, "direct"));
            host.boot(CrashHost.Shape.large(2, "buffered"));
            host.awaitServed(1000, CrashHost.PATIENCE_MS);
            host.finish();
            host.checkImages();
            assertTrue(host.blocksRead() > 1000);
            System.out.println(host.answers() + " requests, " + host.blocksRead() + " blocks compared");
        }
    }
}
