// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.xenstore.Permission;

/**
 * A node's permissions. An entry for a domain that is gone, or was made after the node, counts for nothing: else a new
 * domain would inherit what an old one with its domid was allowed.
 */
record Access(List<Entry> entries) {

    static final int READ = 1;
    static final int WRITE = 2;
    static final int OWNER = 4;

    /** One entry and whether it still counts. */
    record Entry(Permission permission, boolean ignored) {
    }

    static Access of(Permission... permissions) {
        List<Entry> entries = new ArrayList<>();
        for (Permission permission : permissions) {
            entries.add(new Entry(permission, false));
        }
        return new Access(List.copyOf(entries));
    }

    int owner() {
        return entries.get(0).permission().domid();
    }

    /** The same with another owner, keeping what the owner's entry allows everybody. */
    Access ownedBy(int domid) {
        List<Entry> changed = new ArrayList<>(entries);
        changed.set(0, new Entry(new Permission(entries.get(0).permission().access(), domid), false));
        return new Access(List.copyOf(changed));
    }

    /** Bits of READ, WRITE, OWNER. */
    int allowed(int domid) {
        if (domid == 0 || domid == owner()) {
            return READ | WRITE | OWNER;
        }
        for (Entry entry : entries.subList(1, entries.size())) {
            if (!entry.ignored() && entry.permission().domid() == domid) {
                return bits(entry.permission());
            }
        }
        return bits(entries.get(0).permission());
    }

    private static int bits(Permission permission) {
        return switch (permission.access()) {
            case NONE -> 0;
            case READ -> READ;
            case WRITE -> WRITE;
            case BOTH -> READ | WRITE;
        };
    }
}
