// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoEngineContract;

/** The contract on a regular file. */
abstract class FileDiskContract extends IoEngineContract {

    private final TestImages images = new TestImages();
    private final FileProvider provider;
    private final String scheme;
    private final UnaryOperator<Disk> form;
    private Path image;
    private long imageBytes;

    FileDiskContract(String scheme, FileOptions options) {
        this(scheme, options, disk -> disk);
    }

    /** @param form what to make of a disk before it is tried */
    FileDiskContract(String scheme, FileOptions options, UnaryOperator<Disk> form) {
        this.scheme = scheme;
        this.form = form;
        provider = new FileProvider(options.withIoThreads(6));
    }

    @Override
    protected Disk open(long bytes, boolean readOnly) {
        if (image == null) {
            image = images.create(bytes);
            imageBytes = bytes;
        }
        DiskSpec spec = new DiskSpec(scheme, image.toString());
        provider.check(spec, readOnly);
        return form.apply(FileFixture.openOrSkip(provider, spec, readOnly));
    }

    @Override
    protected void grown(long bytes) {
        imageBytes = bytes;
    }

    @Override
    protected void cleanUp() throws Exception {
        provider.close();
        if (image != null) {
            assertEquals(imageBytes, Files.size(image), "the image changed its size");
        }
        images.close();
    }
}
