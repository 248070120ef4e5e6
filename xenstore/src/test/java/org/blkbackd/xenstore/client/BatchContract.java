// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.blkbackd.xenstore.XenstoreException;
import org.junit.jupiter.api.Test;

/** Many reads and many writes in one call, against any xenstored. */
interface BatchContract extends ContractRig {

    /** The values below the test's own node, by whole path, in this order. */
    private Map<String, String> nodes(String... namesAndValues) {
        Map<String, String> nodes = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            nodes.put(base() + "/" + namesAndValues[i], namesAndValues[i + 1]);
        }
        return nodes;
    }

    @Test
    default void manyAreWrittenAndReadInOrder() {
        XenstoreClient c = client();
        Map<String, String> nodes = nodes("z", "1", "a", "", "m/n", "Grüße");
        c.writeAll(nodes);
        assertEquals(List.of("z", "a", "m"), c.directory(base()));
        Map<String, String> read = c.readAll(nodes.keySet());
        assertEquals(nodes, read);
        assertEquals(List.copyOf(nodes.keySet()), List.copyOf(read.keySet()));
    }

    @Test
    default void missingNodesAreNotInTheMap() {
        XenstoreClient c = client();
        Map<String, String> nodes = nodes("a", "1", "b", "2");
        c.writeAll(nodes);
        List<String> paths = List.of(base() + "/none", base() + "/a", base() + "/no/parent", base() + "/b",
                base() + "/a");
        assertEquals(nodes, c.readAll(paths));
        assertEquals(Map.of(), c.readAll(List.of(base() + "/none")));
    }

    @Test
    default void nothingAskedIsNothingDone() {
        XenstoreClient c = client();
        assertEquals(Map.of(), c.readAll(List.of()));
        c.writeAll(Map.of());
        c.transact(ops -> {
            ops.writeAll(Map.of());
            return ops.readAll(List.of());
        });
    }

    @Test
    default void anErrorInTheMiddleIsThrownAndTheRestIsDone() {
        XenstoreClient c = client();
        XenstoreException e = assertThrows(XenstoreException.class,
                () -> c.writeAll(nodes("a", "1", "not good", "2", "b", "3", "bad//too", "4", "c", "5")));
        assertEquals("EINVAL", e.error());
        assertEquals("write " + base() + "/not good: EINVAL", e.getMessage());
        assertEquals(nodes("a", "1", "b", "3", "c", "5"),
                c.readAll(List.of(base() + "/a", base() + "/b", base() + "/c")));
        e = assertThrows(XenstoreException.class,
                () -> c.readAll(List.of(base() + "/a", base() + "/none", base() + "/bad//too", base() + "/b")));
        assertEquals("read " + base() + "/bad//too: EINVAL", e.getMessage());
        assertEquals("5", c.read(base() + "/c"));
    }

    @Test
    default void whatMayNotBeReadIsAnError() {
        int domid = newDomain();
        XenstoreClient guest = guestClient(domid);
        client().writeAll(nodes("secret", "1"));
        guest.writeAll(Map.of("data/a", "1", "data/b", "2"));
        assertEquals(Map.of("data/a", "1", "data/b", "2"), guest.readAll(List.of("data/a", "data/b", "data/c")));
        XenstoreException e = assertThrows(XenstoreException.class,
                () -> guest.readAll(List.of("data/a", base() + "/secret", "data/b")));
        assertEquals("EACCES", e.error());
        assertEquals("EACCES", assertThrows(XenstoreException.class,
                () -> guest.writeAll(nodes("secret", "2"))).error());
    }

    @Test
    default void nothingIsSentOfABatchWithATooLongOne() {
        XenstoreClient c = client();
        assertEquals("E2BIG", assertThrows(XenstoreException.class,
                () -> c.writeAll(nodes("a", "1", "b", "v".repeat(4096)))).error());
        assertEquals("EINVAL", assertThrows(XenstoreException.class,
                () -> c.writeAll(nodes("a", "1", "b\0c", "2"))).error());
        assertEquals(List.of(), c.directory(base()));
    }

    @Test
    default void inATransactionManyAreSeenInsideAndAfterTheCommitOutside() {
        XenstoreClient c = client();
        XenstoreClient other = client();
        Map<String, String> nodes = nodes("a", "1", "b", "2", "c", "3");
        c.transact(ops -> {
            ops.writeAll(nodes);
            assertEquals(nodes, ops.readAll(nodes.keySet()));
            assertEquals(Map.of(), other.readAll(nodes.keySet()));
            return null;
        });
        assertEquals(nodes, other.readAll(nodes.keySet()));
    }

    @Test
    default void anErrorInTheMiddleAbortsTheTransaction() {
        XenstoreClient c = client();
        assertThrows(XenstoreException.class, () -> c.transact(ops -> {
            ops.writeAll(nodes("a", "1", "not good", "2", "b", "3"));
            return null;
        }));
        assertNull(c.readOrNull(base() + "/a"));
        assertNull(c.readOrNull(base() + "/b"));
    }

    @Test
    default void aConflictRunsTheBatchAgain() {
        XenstoreClient c = client();
        XenstoreClient other = client();
        Map<String, String> nodes = nodes("a", "1", "b", "2");
        c.writeAll(nodes);
        int[] runs = {0};
        c.transact(ops -> {
            Map<String, String> read = ops.readAll(nodes.keySet());
            if (runs[0]++ == 0) {
                other.write(base() + "/b", "3");
            }
            ops.writeAll(nodes("a", read.get(base() + "/a") + "x", "b", read.get(base() + "/b") + "x"));
            return null;
        });
        assertEquals(2, runs[0]);
        assertEquals(nodes("a", "1x", "b", "3x"), c.readAll(nodes.keySet()));
    }

    @Test
    default void tenThousandAreNotTooMany() {
        XenstoreClient c = client();
        Map<String, String> nodes = new LinkedHashMap<>();
        for (int i = 0; i < 10_000; i++) {
            nodes.put(base() + "/disk-" + i / 100 + "/node-" + i % 100, "value " + i);
        }
        c.writeAll(nodes);
        assertEquals(nodes, c.readAll(nodes.keySet()));
        c.remove(base());
        assertEquals(Map.of(), c.readAll(nodes.keySet()));
    }

    @Test
    default void manyThreadsSendBatchesOverOneConnection() throws Exception {
        XenstoreClient c = client();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<?>> done = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            String mine = base() + "/t" + t + "/";
            done.add(threads.submit(() -> {
                for (int round = 0; round < 20; round++) {
                    Map<String, String> nodes = new LinkedHashMap<>();
                    for (int i = 0; i < 50; i++) {
                        nodes.put(mine + i, mine + round);
                    }
                    c.writeAll(nodes);
                    assertEquals(nodes, c.readAll(nodes.keySet()));
                }
            }));
        }
        for (Future<?> future : done) {
            future.get();
        }
        threads.shutdown();
    }
}
