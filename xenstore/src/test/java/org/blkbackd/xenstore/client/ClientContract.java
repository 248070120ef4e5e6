// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.XenstoreException;
import org.junit.jupiter.api.Test;

/** What the client promises its callers, against any xenstored. */
interface ClientContract extends ContractRig {

    @Test
    default void missingNodesReadAsNothing() {
        XenstoreClient c = client();
        assertNull(c.readOrNull(base() + "/none"));
        assertEquals(List.of(), c.directory(base() + "/none"));
        assertEquals(List.of(), c.directory(base()));
        c.remove(base() + "/none/none");
        assertTrue(assertThrows(XenstoreException.class, () -> c.read(base() + "/none")).isNoEntry());
    }

    @Test
    default void valuesAreUtf8() {
        XenstoreClient c = client();
        c.write(base() + "/a", "Grüße \u2713");
        assertEquals("Grüße \u2713", c.read(base() + "/a"));
        assertEquals("Grüße \u2713", c.readOrNull(base() + "/a"));
    }

    @Test
    default void whatIsTooLongIsRefusedAndTheConnectionLives() {
        XenstoreClient c = client();
        XenstoreException e = assertThrows(XenstoreException.class,
                () -> c.write(base() + "/a", "v".repeat(4096)));
        assertEquals("E2BIG", e.error());
        assertTrue(e.getMessage().contains("the protocol allows 4096"), e.getMessage());
        assertThrows(XenstoreException.class, () -> c.read("/" + "x".repeat(5000)));
        assertThrows(XenstoreException.class, () -> c.directory("/" + "x".repeat(5000)));
        assertThrows(XenstoreException.class, () -> c.watch("/" + "x".repeat(5000), path -> { }));
        assertEquals("EINVAL", assertThrows(XenstoreException.class, () -> c.read("/a\0b")).error());
        c.write(base() + "/a", "1");
        assertEquals("1", c.read(base() + "/a"));
    }

    @Test
    default void aListenerHearsItsPathAndChangesBelow() {
        XenstoreClient c = client();
        EventLog log = new EventLog();
        Watch watch = c.watch(base(), log);
        assertEquals(base(), log.next());
        c.write(base() + "/a", "1");
        assertEquals(base() + "/a", log.next());
        watch.close();
        watch.close();
        c.write(base() + "/a", "2");
        EventLog fence = new EventLog();
        c.watch(base() + "/fence", fence);
        fence.next();
        assertEquals(0, log.waiting());
    }

    @Test
    default void anExceptionAbortsTheTransaction() {
        XenstoreClient c = client();
        assertThrows(ArithmeticException.class, () -> c.transact(ops -> {
            ops.write(base() + "/a", "1");
            throw new ArithmeticException("on purpose");
        }));
        assertNull(c.readOrNull(base() + "/a"));
        c.transact(ops -> {
            ops.mkdir(base() + "/a");
            return null;
        });
        assertEquals("", c.read(base() + "/a"));
    }

    @Test
    default void manyThreadsShareOneConnection() throws Exception {
        XenstoreClient c = client();
        c.write(base() + "/sum", "0");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<?>> done = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            String mine = base() + "/t" + t;
            done.add(threads.submit(() -> {
                for (int i = 0; i < 200; i++) {
                    c.write(mine, Integer.toString(i));
                    assertEquals(Integer.toString(i), c.read(mine));
                }
            }));
        }
        for (Future<?> future : done) {
            future.get();
        }
        threads.shutdown();
    }
}
