// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.blkbackd.xenstore.Permission;

/**
 * The nodes, with permissions, quotas and transactions (what xenstored_core.c and xenstored_transaction.c do). Tells a
 * {@link ChangeListener} what changed, in the order in which xenstored would fire watches.
 */
final class Store {

    /** Hears of changes outside transactions and of committed ones. */
    @FunctionalInterface
    interface ChangeListener {

        /**
         * @param node    the node as it is, or was when it is removed; null where the store has to be asked
         * @param exactly only watches of this very path are meant: a node that went with its parent
         * @param before  permissions before the change, null when there were none or they did not change
         */
        void changed(String path, Node node, boolean exactly, Access before);
    }

    private final Map<String, Node> nodes = new HashMap<>();
    private final Domains domains;
    private final SimQuotas quotas;
    private ChangeListener listener = (path, node, exactly, before) -> { };
    private long generation;

    Store(Domains domains, SimQuotas quotas) {
        this.domains = domains;
        this.quotas = quotas;
        Access dom0 = Access.of(new Permission(Permission.Access.NONE, 0));
        nodes.put("/", new Node(dom0, Node.EMPTY, List.of("tool"), 0));
        nodes.put("/tool", new Node(dom0, Node.EMPTY, List.of("xenstored"), 0));
        nodes.put("/tool/xenstored", new Node(dom0, Node.EMPTY, List.of(), 0));
    }

    void setListener(ChangeListener changes) {
        listener = changes;
    }

    long generation() {
        return generation;
    }

    /** The node, or null. In a transaction this counts as read. No permission is asked for. */
    Node find(Caller caller, String path) {
        Transaction transaction = caller.transaction();
        if (transaction != null && transaction.touched.containsKey(path)) {
            return transaction.touched.get(path).node;
        }
        Node node = nodes.get(path);
        node = node == null ? null : node.withAccess(current(node.access(), node.generation()));
        if (transaction != null) {
            touch(caller, path, node);
        }
        return node;
    }

    /** The node, if the caller may: else ENOENT or EACCES, and EACCES where the error would tell too much. */
    Node get(Caller caller, String path, int wanted) {
        if (!NodePath.isValid(path)) {
            throw new StoreError("EINVAL");
        }
        Node node = find(caller, path);
        if (node == null) {
            throw new StoreError(errorToShow(caller, path, "ENOENT", wanted));
        }
        if ((node.access().allowed(caller.domid()) & wanted) != wanted) {
            throw new StoreError(errorToShow(caller, path, "EACCES", wanted));
        }
        return node;
    }

    /** Who may not look into the nearest parent is not told what is there. */
    private String errorToShow(Caller caller, String path, String errno, int wanted) {
        String parent = path;
        Node node;
        do {
            parent = NodePath.parent(parent);
            node = find(caller, parent);
        } while (node == null);
        return (node.access().allowed(caller.domid()) & wanted) != 0 ? errno : "EACCES";
    }

    /** Sets a value. Makes the node and its parents where they are missing. */
    void write(Caller caller, String path, byte[] value) {
        Node node = getOrNull(caller, path, Access.WRITE);
        if (node == null) {
            create(caller, path, value);
        } else {
            Node changed = node.withValue(value);
            put(caller, path, changed, true);
            fire(caller, path, changed, false, null);
        }
    }

    void mkdir(Caller caller, String path) {
        if (getOrNull(caller, path, Access.WRITE) == null) {
            create(caller, path, Node.EMPTY);
        }
    }

    private Node getOrNull(Caller caller, String path, int wanted) {
        try {
            return get(caller, path, wanted);
        } catch (StoreError e) {
            if (e.is("ENOENT")) {
                return null;
            }
            throw e;
        }
    }

    private void create(Caller caller, String path, byte[] value) {
        List<String> missing = new ArrayList<>();
        String ancestor = path;
        Node parent = null;
        while (parent == null) {
            missing.add(ancestor);
            ancestor = NodePath.parent(ancestor);
            parent = find(caller, ancestor);
        }
        Access access = parent.access();
        access = caller.isUnprivileged() ? access.ownedBy(caller.domid()) : access;
        if (caller.transaction() != null) {
            caller.transaction().nodeCreated = true;
        }
        // Bottom up, as xenstored: what is refused on the way is undone again.
        List<String> made = new ArrayList<>();
        try {
            for (int i = 0; i < missing.size(); i++) {
                checkNodeQuota(caller);
                List<String> children = i == 0 ? List.of() : List.of(NodePath.lastPart(missing.get(i - 1)));
                put(caller, missing.get(i), new Node(access, i == 0 ? value : Node.EMPTY, children, 0), true);
                made.add(missing.get(i));
                count(caller, access.owner(), 1);
            }
            String top = missing.get(missing.size() - 1);
            put(caller, ancestor, parent.withChild(NodePath.lastPart(top)), true);
        } catch (StoreError e) {
            undo(caller, made, access.owner());
            throw e;
        }
        fire(caller, path, find(caller, path), false, null);
    }

    private void undo(Caller caller, List<String> made, int owner) {
        for (String path : made) {
            delete(caller, path);
            count(caller, owner, -1);
        }
        if (caller.transaction() != null) {
            caller.transaction().failed = true;
        }
    }

    private void checkNodeQuota(Caller caller) {
        if (caller.isUnprivileged() && domains.get(caller.domid()).nodes >= quotas.nodes()) {
            throw new StoreError("ENOSPC");
        }
    }

    /** Removes a node and all below it. A missing node is an error only where its parent is missing too. */
    void remove(Caller caller, String path) {
        Node node = getOrNull(caller, path, Access.WRITE);
        if (node == null) {
            if (find(caller, NodePath.parent(path)) == null) {
                throw new StoreError("ENOENT");
            }
            return;
        }
        if (path.equals("/")) {
            throw new StoreError("EINVAL");
        }
        removeTree(caller, path);
    }

    private void removeTree(Caller caller, String path) {
        String parentPath = NodePath.parent(path);
        Node parent = find(caller, parentPath);
        removeBelow(caller, path, false);
        put(caller, parentPath, parent.withoutChild(NodePath.lastPart(path)), false);
    }

    /** Children first. Each fires when it is gone but its parent is still there. */
    private void removeBelow(Caller caller, String path, boolean exactly) {
        Node node = find(caller, path);
        if (node == null) {
            return;
        }
        for (String child : node.children()) {
            removeBelow(caller, NodePath.child(path, child), true);
        }
        delete(caller, path);
        fire(caller, path, node, exactly, null);
        count(caller, node.access().owner(), -1);
    }

    void setAccess(Caller caller, String path, Access access) {
        Node node = get(caller, path, Access.WRITE | Access.OWNER);
        if (caller.isUnprivileged() && access.owner() != node.access().owner()) {
            throw new StoreError("EPERM");
        }
        Node changed = node.withAccess(access);
        put(caller, path, changed, true);
        count(caller, node.access().owner(), -1);
        count(caller, access.owner(), 1);
        fire(caller, path, changed, false, node.access());
    }

    /** Commits, or throws EAGAIN when a node that was read has changed since. */
    void commit(Caller caller) {
        Transaction transaction = caller.transaction();
        if (transaction.failed) {
            throw new StoreError("ENOMEM");
        }
        checkQuotaAtCommit(caller);
        transaction.touched.forEach((path, touched) -> {
            Node now = nodes.get(path);
            if (touched.readGeneration != (now == null ? Node.NONE : now.generation())) {
                throw new StoreError("EAGAIN");
            }
        });
        transaction.ownedChange.forEach(domains::addNodes);
        transaction.touched.forEach((path, touched) -> {
            if (touched.modified) {
                publish(path, touched);
            }
        });
    }

    private void checkQuotaAtCommit(Caller caller) {
        if (!caller.isUnprivileged() || !caller.transaction().nodeCreated) {
            return;
        }
        caller.transaction().ownedChange.forEach((owner, change) -> {
            Domains.Domain domain = domains.get(owner);
            if (owner != 0 && domain != null && domain.nodes + change >= quotas.nodes()) {
                throw new StoreError("ENOSPC");
            }
        });
    }

    private void publish(String path, Transaction.Touched touched) {
        if (touched.node == null) {
            nodes.remove(path);
        } else {
            nodes.put(path, touched.node.withGeneration(++generation));
        }
        if (touched.fires) {
            listener.changed(path, null, touched.firesExactly, touched.readAccess);
        }
    }

    /** Removes what a dead domain owned: a new one with its domid must not find it. */
    void removeOwnedBy(int domid) {
        removeOwnedBelow("/", domid);
    }

    private void removeOwnedBelow(String path, int domid) {
        Node node = nodes.get(path);
        if (node.access().owner() == domid) {
            removeTree(Caller.DOM0, path);
            return;
        }
        node.children().forEach(child -> removeOwnedBelow(NodePath.child(path, child), domid));
    }

    private Transaction.Touched touch(Caller caller, String path, Node node) {
        Transaction transaction = caller.transaction();
        if (caller.isUnprivileged() && transaction.touched.size() >= quotas.transactionNodes()) {
            transaction.failed = true;
            throw new StoreError("ENOSPC");
        }
        Transaction.Touched touched = new Transaction.Touched(node);
        transaction.touched.put(path, touched);
        return touched;
    }

    private void put(Caller caller, String path, Node node, boolean underQuota) {
        generation++;
        Node stamped = node.withGeneration(generation);
        if (underQuota && caller.isUnprivileged() && stamped.recordBytes() >= quotas.nodeBytes()) {
            if (caller.transaction() != null) {
                caller.transaction().failed = true;
            }
            throw new StoreError("ENOSPC");
        }
        if (caller.transaction() == null) {
            nodes.put(path, stamped);
        } else {
            Transaction.Touched touched = caller.transaction().touched.get(path);
            touched.node = stamped;
            touched.modified = true;
        }
    }

    private void delete(Caller caller, String path) {
        generation++;
        if (caller.transaction() == null) {
            nodes.remove(path);
        } else {
            Transaction.Touched touched = caller.transaction().touched.get(path);
            touched.node = null;
            touched.modified = true;
        }
    }

    private void count(Caller caller, int owner, int change) {
        if (caller.transaction() == null) {
            domains.addNodes(owner, change);
        } else {
            caller.transaction().ownedChange.merge(owner, change, Integer::sum);
        }
    }

    private void fire(Caller caller, String path, Node node, boolean exactly, Access before) {
        if (caller.transaction() == null) {
            listener.changed(path, node, exactly, before);
        } else {
            caller.transaction().fire(path, exactly);
        }
    }

    /** Entries of domains that are gone, or younger than the node, are marked ignored. */
    private Access current(Access access, long nodeGeneration) {
        List<Access.Entry> entries = new ArrayList<>(access.entries());
        boolean changed = false;
        for (int i = 1; i < entries.size(); i++) {
            Access.Entry entry = entries.get(i);
            if (!entry.ignored() && !domains.isMeant(entry.permission().domid(), nodeGeneration)) {
                entries.set(i, new Access.Entry(entry.permission(), true));
                changed = true;
            }
        }
        return changed ? new Access(List.copyOf(entries)) : access;
    }
}
