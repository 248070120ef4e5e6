// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An open transaction: a private copy of each node it touched, taken at the first touch. A node that was read must have
 * the same generation at the commit, else EAGAIN. What was not touched yet is read as it is now.
 */
final class Transaction {

    /** A node of this transaction. */
    static final class Touched {
        /** The private copy; null where the node does not exist. */
        Node node;
        /** Before: the generation read, and the permissions that watchers had. */
        final long readGeneration;
        final Access readAccess;
        boolean modified;
        boolean fires;
        boolean firesExactly = true;

        Touched(Node read) {
            node = read;
            readGeneration = read == null ? Node.NONE : read.generation();
            readAccess = read == null ? null : read.access();
        }
    }

    final Map<String, Touched> touched = new LinkedHashMap<>();

    /** Change of the number of nodes, by owner. */
    final Map<Integer, Integer> ownedChange = new HashMap<>();

    boolean nodeCreated;

    /** An operation failed half-way: the commit answers ENOMEM, as the C xenstored does. */
    boolean failed;

    void fire(String path, boolean exactly) {
        Touched node = touched.get(path);
        if (node == null) {
            failed = true;
            return;
        }
        node.fires = true;
        node.firesExactly &= exactly;
    }
}
