// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.blkbackd.xenstore.wire.MessageType;
import org.junit.jupiter.api.Test;

/** Transactions: isolation, conflicts, events. */
interface TransactionContract extends ContractRig {

    @Test
    default void changesAreSeenInsideAtOnceAndOutsideAfterTheCommit() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "old");
        int tx = c.begin();
        c.write(tx, base() + "/a", "new");
        c.write(tx, base() + "/b", "made");
        assertEquals("new", c.okIn(tx, MessageType.READ, base() + "/a").text());
        assertEquals(List.of("a", "b"), c.okIn(tx, MessageType.DIRECTORY, base()).strings());
        assertEquals("old", c.ok(MessageType.READ, base() + "/a").text());
        assertEquals("ENOENT", c.error(MessageType.READ, base() + "/b"));
        assertEquals("OK", c.commit(tx));
        assertEquals("new", c.ok(MessageType.READ, base() + "/a").text());
        assertEquals("made", c.ok(MessageType.READ, base() + "/b").text());
    }

    @Test
    default void anAbortedTransactionChangesNothing() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "old");
        int tx = c.begin();
        c.write(tx, base() + "/a", "new");
        c.okIn(tx, MessageType.RM, base() + "/a");
        c.okIn(tx, MessageType.TRANSACTION_END, "F");
        assertEquals("old", c.ok(MessageType.READ, base() + "/a").text());
        assertEquals("ENOENT", c.errorIn(tx, MessageType.READ, base() + "/a"));
        assertEquals("ENOENT", c.commit(tx));
    }

    @Test
    default void whatWasReadDoesNotChangeUntilTheEnd() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "1");
        int tx = c.begin();
        assertEquals("1", c.okIn(tx, MessageType.READ, base() + "/a").text());
        c.write(0, base() + "/a", "2");
        assertEquals("1", c.okIn(tx, MessageType.READ, base() + "/a").text());
        assertEquals("EAGAIN", c.commit(tx));
    }

    @Test
    default void writesOfTheSameNodeConflict() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "0");
        int tx = c.begin();
        c.write(tx, base() + "/a", "1");
        c.write(0, base() + "/a", "2");
        assertEquals("EAGAIN", c.commit(tx));
        assertEquals("2", c.ok(MessageType.READ, base() + "/a").text());
    }

    @Test
    default void changesOfOtherNodesDoNotConflict() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "0");
        c.write(0, base() + "/b", "0");
        int tx = c.begin();
        c.okIn(tx, MessageType.READ, base() + "/a");
        c.write(tx, base() + "/a", "1");
        c.write(0, base() + "/b", "1");
        c.write(0, base() + "/a/below", "1");
        assertEquals("EAGAIN", c.commit(tx), "a child was added, which changes the parent");
        tx = c.begin();
        c.write(tx, base() + "/a", "2");
        c.write(0, base() + "/b", "2");
        c.write(0, base() + "/a/below", "2");
        assertEquals("OK", c.commit(tx));
    }

    @Test
    default void readingAMissingNodeConflictsWithItsCreation() {
        RawClient c = dom0();
        int tx = c.begin();
        assertEquals("ENOENT", c.errorIn(tx, MessageType.READ, base() + "/a"));
        c.write(0, base() + "/a", "1");
        assertEquals("ENOENT", c.errorIn(tx, MessageType.READ, base() + "/a"));
        assertEquals("EAGAIN", c.commit(tx));
    }

    @Test
    default void readingANodeConflictsWithItsRemoval() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "1");
        int tx = c.begin();
        c.okIn(tx, MessageType.READ, base() + "/a");
        c.ok(MessageType.RM, base() + "/a");
        assertEquals("EAGAIN", c.commit(tx));
    }

    @Test
    default void readingANodeConflictsWithItsPermissions() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "1");
        int tx = c.begin();
        c.okIn(tx, MessageType.READ, base() + "/a");
        c.ok(MessageType.SET_PERMS, base() + "/a", "r0");
        assertEquals("EAGAIN", c.commit(tx));
    }

    @Test
    default void childrenMadeUnderOneParentConflict() {
        RawClient c = dom0();
        int first = c.begin();
        int second = c.begin();
        c.write(first, base() + "/a", "1");
        c.write(second, base() + "/b", "1");
        assertEquals("OK", c.commit(first));
        assertEquals("EAGAIN", c.commit(second));
        assertEquals(List.of("a"), c.ok(MessageType.DIRECTORY, base()).strings());
    }

    @Test
    default void whatWasNotReadYetIsReadAsItIsNow() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "1");
        int tx = c.begin();
        c.write(0, base() + "/a", "2");
        assertEquals("2", c.okIn(tx, MessageType.READ, base() + "/a").text());
        assertEquals("OK", c.commit(tx));
    }

    @Test
    default void eventsComeWithTheCommitAndOncePerNode() {
        RawClient c = dom0();
        c.ok(MessageType.WATCH, base(), "t");
        c.next();
        int tx = c.begin();
        assertEquals(List.of(), c.write(tx, base() + "/a", "1").events());
        assertEquals(List.of(), c.write(tx, base() + "/b", "1").events());
        assertEquals(List.of(), c.write(tx, base() + "/a", "2").events());
        assertEquals(List.of(base() + "/a t", base() + "/b t"),
                c.okIn(tx, MessageType.TRANSACTION_END, "T").events());
        tx = c.begin();
        c.write(tx, base() + "/a", "3");
        assertEquals(List.of(), c.okIn(tx, MessageType.TRANSACTION_END, "F").events());
        assertEquals(List.of(), c.events());
    }

    @Test
    default void aRemovalInATransactionFiresWithTheCommit() {
        RawClient c = dom0();
        c.write(0, base() + "/a/b", "1");
        c.ok(MessageType.WATCH, base() + "/a/b", "b");
        c.next();
        c.ok(MessageType.WATCH, base(), "t");
        c.next();
        int tx = c.begin();
        c.okIn(tx, MessageType.RM, base() + "/a");
        assertEquals("ENOENT", c.errorIn(tx, MessageType.READ, base() + "/a/b"));
        assertEquals("1", c.ok(MessageType.READ, base() + "/a/b").text());
        assertEquals(List.of(base() + "/a t", base() + "/a/b b"),
                c.okIn(tx, MessageType.TRANSACTION_END, "T").events());
        assertEquals("ENOENT", c.error(MessageType.READ, base() + "/a"));
    }

    @Test
    default void aNodeMadeAndRemovedInOneTransactionIsNotSeen() {
        RawClient c = dom0();
        c.ok(MessageType.WATCH, base() + "/a", "t");
        c.next();
        int tx = c.begin();
        c.write(tx, base() + "/a", "1");
        c.okIn(tx, MessageType.RM, base() + "/a");
        assertEquals(List.of(), c.okIn(tx, MessageType.TRANSACTION_END, "T").events());
        assertEquals("ENOENT", c.error(MessageType.READ, base() + "/a"));
        assertEquals(List.of(), c.ok(MessageType.DIRECTORY, base()).strings());
    }

    @Test
    default void anUnknownTransactionIsENOENT() {
        RawClient c = dom0();
        assertEquals("ENOENT", c.errorIn(12345, MessageType.READ, base()));
        assertEquals("ENOENT", c.commit(12345));
        assertEquals("ENOENT", c.commit(0));
        int tx = c.begin();
        assertEquals("ENOENT", dom0().errorIn(tx + 77, MessageType.READ, base()));
        assertEquals("EBUSY", c.errorIn(tx, MessageType.TRANSACTION_START, ""));
        assertEquals("EINVAL", c.errorIn(tx, MessageType.TRANSACTION_END, "X"));
        assertEquals("OK", c.commit(tx));
    }

    @Test
    default void aClientRunsItsTransactionUntilItCommits() {
        XenstoreClient c = client();
        XenstoreClient rival = client();
        c.write(base() + "/count", "0");
        int[] runs = {0};
        int result = c.transact(ops -> {
            int count = Integer.parseInt(ops.read(base() + "/count"));
            if (runs[0]++ < 3) {
                rival.write(base() + "/count", Integer.toString(count + 10));
            }
            ops.write(base() + "/count", Integer.toString(count + 1));
            return count;
        });
        assertEquals(30, result);
        assertEquals(4, runs[0]);
        assertEquals("31", c.read(base() + "/count"));
    }
}
