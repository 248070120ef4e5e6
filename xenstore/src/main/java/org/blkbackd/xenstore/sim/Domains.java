// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.HashMap;
import java.util.Map;

/** Which domains there are, and what each uses of its quotas. Domain 0 is always there. */
final class Domains {

    /** A domain the hypervisor knows. */
    static final class Domain {
        final long generation;
        boolean introduced;
        int nodes;
        int watches;

        Domain(long generation) {
            this.generation = generation;
        }
    }

    private final Map<Integer, Domain> byDomid = new HashMap<>();

    Domains() {
        create(0, 0).introduced = true;
    }

    /** {@code generation}: nodes older than it do not know this domain. */
    Domain create(int domid, long generation) {
        return byDomid.computeIfAbsent(domid, id -> new Domain(generation));
    }

    void remove(int domid) {
        byDomid.remove(domid);
    }

    /** Null when there is none. */
    Domain get(int domid) {
        return byDomid.get(domid);
    }

    boolean exists(int domid) {
        return byDomid.containsKey(domid);
    }

    boolean isIntroduced(int domid) {
        Domain domain = byDomid.get(domid);
        return domain != null && domain.introduced;
    }

    void addNodes(int owner, int change) {
        Domain domain = byDomid.get(owner);
        if (domain != null) {
            domain.nodes += change;
        }
    }

    /** Whether a permission entry written at this generation still means the domain of today. */
    boolean isMeant(int domid, long generation) {
        Domain domain = byDomid.get(domid);
        return domain != null && domain.generation <= generation;
    }
}
