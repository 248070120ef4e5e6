// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import java.util.Set;
import java.util.function.UnaryOperator;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskProvider;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.OpenMode;

/** A provider whose disks are decorated as they are opened, with {@link FaultyDisk#wrap} for one. */
public final class WrappingProvider implements DiskProvider {

    private final DiskProvider provider;
    private final UnaryOperator<Disk> decorator;

    /** @param decorator may also wait, count, or close the disk and throw a DiskException */
    public WrappingProvider(DiskProvider provider, UnaryOperator<Disk> decorator) {
        this.provider = provider;
        this.decorator = decorator;
    }

    @Override
    public Set<String> schemes() {
        return provider.schemes();
    }

    @Override
    public void check(DiskSpec spec, boolean readOnly) {
        provider.check(spec, readOnly);
    }

    @Override
    public Disk open(DiskSpec spec, OpenMode mode) {
        return decorator.apply(provider.open(spec, mode));
    }

    @Override
    public String identity(DiskSpec spec) {
        return provider.identity(spec);
    }

    @Override
    public void close() {
        provider.close();
    }
}
