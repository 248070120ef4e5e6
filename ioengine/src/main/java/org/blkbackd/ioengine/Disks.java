// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The single way to open a disk: picks the provider for a scheme. Immutable and thread-safe. */
public final class Disks implements AutoCloseable {

    private final Map<String, DiskProvider> providers = new TreeMap<>();

    /** @param providers what can be opened; the one that serves {@link DiskSpec#DEFAULT} gets bare paths */
    public Disks(List<DiskProvider> providers) {
        for (DiskProvider provider : providers) {
            for (String scheme : provider.schemes()) {
                this.providers.put(scheme, provider);
            }
        }
    }

    /** As {@link DiskProvider#check}. */
    public void check(DiskSpec spec, boolean readOnly) {
        provider(spec).check(spec, readOnly);
    }

    /** As {@link DiskProvider#open(DiskSpec, OpenMode)}. */
    public Disk open(DiskSpec spec, OpenMode mode) {
        return provider(spec).open(spec, mode);
    }

    /** As {@link DiskProvider#open(DiskSpec, boolean)}. */
    public Disk open(DiskSpec spec, boolean readOnly) {
        return provider(spec).open(spec, readOnly);
    }

    /** As {@link DiskProvider#identity}. */
    public String identity(DiskSpec spec) {
        return provider(spec).identity(spec);
    }

    @Override
    public void close() {
        providers.values().stream().distinct().forEach(DiskProvider::close);
    }

    private DiskProvider provider(DiskSpec spec) {
        DiskProvider provider = providers.get(spec.scheme());
        if (provider == null) {
            String known = String.join(", ", providers.keySet().stream().filter(s -> !s.isEmpty()).toList());
            throw new DiskException(DiskException.Kind.BAD_SPEC,
                "\"" + spec + "\": there is no scheme \"" + spec.scheme() + "\"; known are " + known);
        }
        return provider;
    }
}
