// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blkbackd.ioengine.DiskSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One text for one image, whoever asks and by whatever path. */
class ImageIdentityTest {

    private final FileFixture files = FileFixture.plain();

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void isTheSameForEveryPathOfAFile() throws IOException {
        try (OwnFileSystem fileSystem = OwnFileSystem.mount(files.images)) {
            Path image = fileSystem.path().resolve("a.img");
            TestImages.resize(image, FileFixture.SIZE);
            String identity = identity(image);
            assertTrue(identity.matches("fs:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9]+"), identity);
            Path folder = Files.createDirectory(fileSystem.path().resolve("folder"));
            assertEquals(identity, identity(Files.createSymbolicLink(folder.resolve("symbolic"), image)));
            assertEquals(identity, identity(Files.createLink(folder.resolve("hard"), image)));
            assertEquals(identity, identity(folder.resolve("../folder/./../a.img")));
            Path other = folder.resolve("b.img");
            TestImages.resize(other, FileFixture.SIZE);
            assertNotEquals(identity, identity(other));
            try (LoopDevice device = LoopDevice.attach(image, 512, false);
                 LoopDevice second = LoopDevice.attach(image, 512, false)) {
                assertEquals(identity, identity(Path.of(device.path())));
                assertEquals(identity, identity(Path.of(second.path())));
                assertEquals(identity + "/part1", identity(Path.of(device.addPartition(3, 1000))));
            }
        }
    }

    private String identity(Path path) {
        return files.provider.identity(new DiskSpec("direct", path.toString()));
    }
}
