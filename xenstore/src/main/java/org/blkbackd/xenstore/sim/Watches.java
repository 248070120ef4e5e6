// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.sim.SimConnection.SimWatch;

/** Who is told of a change (xenstored_watch.c, {@code fire_watches}). */
final class Watches {

    static final String INTRODUCE_DOMAIN = "@introduceDomain";
    static final String RELEASE_DOMAIN = "@releaseDomain";

    private final Store store;
    private final List<SimConnection> connections;
    private final Map<String, Access> special = new HashMap<>();

    Watches(Store store, List<SimConnection> connections) {
        this.store = store;
        this.connections = connections;
        Access dom0 = Access.of(new Permission(Permission.Access.NONE, 0));
        special.put(INTRODUCE_DOMAIN, dom0);
        special.put(RELEASE_DOMAIN, dom0);
        store.setListener(this::changed);
    }

    /** A node changed: watches on it and above it fire, or on it alone. */
    private void changed(String path, Node node, boolean exactly, Access before) {
        for (SimConnection connection : List.copyOf(connections)) {
            if (!maySee(connection, path, node, before)) {
                continue;
            }
            for (SimWatch watch : connection.watches) {
                if (exactly ? path.equals(watch.path()) : NodePath.isAtOrBelow(path, watch.path())) {
                    connection.event(watch, path);
                }
            }
        }
    }

    /** The node or its parent has to be readable, or the node was readable before the change. */
    private boolean maySee(SimConnection connection, String path, Node known, Access before) {
        if (before != null && mayRead(connection, before)) {
            return true;
        }
        Caller caller = new Caller(connection.domid(), null);
        Node node = known == null ? store.find(caller, path) : known;
        if (node == null) {
            return false;
        }
        Node parent = store.find(caller, NodePath.parent(path));
        return mayRead(connection, node.access()) || parent != null && mayRead(connection, parent.access());
    }

    private static boolean mayRead(SimConnection connection, Access access) {
        return (access.allowed(connection.domid()) & Access.READ) != 0;
    }

    /** Fires {@code @introduceDomain} or {@code @releaseDomain}. */
    void fireSpecial(String name) {
        for (SimConnection connection : List.copyOf(connections)) {
            if (!mayRead(connection, special.get(name))) {
                continue;
            }
            for (SimWatch watch : connection.watches) {
                if (watch.path().equals(name)) {
                    connection.event(watch, name);
                }
            }
        }
    }

    void setSpecialAccess(int domid, String name, Access access) {
        Access now = special.get(name);
        if (now == null) {
            throw new StoreError("EINVAL");
        }
        int needed = Access.WRITE | Access.OWNER;
        if ((now.allowed(domid) & needed) != needed) {
            throw new StoreError("EACCES");
        }
        special.put(name, access);
    }

    /** A dead domain's entries; what it owned is domain 0's again. */
    void forgetDomain(int domid) {
        special.replaceAll((name, access) -> {
            List<Access.Entry> entries = new ArrayList<>(access.entries());
            entries.subList(1, entries.size()).removeIf(entry -> entry.permission().domid() == domid);
            Access left = new Access(List.copyOf(entries));
            return left.owner() == domid ? left.ownedBy(0) : left;
        });
    }
}
