// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.ArrayList;
import java.util.List;

/** One node, never changed in place. Every change gives it a new generation: transactions compare those. */
record Node(Access access, byte[] value, List<String> children, long generation) {

    /** The generation of a node that does not exist. */
    static final long NONE = -1;

    static final byte[] EMPTY = {};

    /** {@code struct xs_tdb_record_hdr}, with its padding. */
    private static final int RECORD_BYTES = 24;

    Node withAccess(Access changed) {
        return new Node(changed, value, children, generation);
    }

    Node withValue(byte[] changed) {
        return new Node(access, changed, children, generation);
    }

    Node withGeneration(long changed) {
        return new Node(access, value, children, changed);
    }

    Node withChild(String name) {
        List<String> changed = new ArrayList<>(children);
        changed.add(name);
        return new Node(access, value, List.copyOf(changed), generation);
    }

    Node withoutChild(String name) {
        List<String> changed = new ArrayList<>(children);
        changed.remove(name);
        return new Node(access, value, List.copyOf(changed), generation);
    }

    /** The size that the quota limits. */
    int recordBytes() {
        int names = 0;
        for (String child : children) {
            names += child.length() + 1;
        }
        return RECORD_BYTES + 8 * access.entries().size() + value.length + names;
    }
}
