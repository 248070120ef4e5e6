// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.notify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchdogTest {

    private static final Executor HEALTHY = Runnable::run;
    /** So many times the watchdog's pause, that a sign of life would have come. */
    private static final int LONG_MS = 400;

    @TempDir
    private Path folder;
    private SimServiceManager systemd;
    private String name;
    private Watchdog watchdog;

    @BeforeEach
    void start() {
        name = folder.resolve("notify").toString();
        systemd = new SimServiceManager(name);
    }

    @AfterEach
    void stop() {
        watchdog.close();
        systemd.close();
    }

    private void watch(Map<String, Executor> threads) {
        watchdog = Watchdog.start(NotifySocket.of(Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "20000")), threads);
    }

    @Test
    void givesSignsOfLifeWhileEveryThreadAnswers() {
        watch(Map.of("one", HEALTHY, "two", HEALTHY));
        for (int i = 0; i < 5; i++) {
            assertEquals("WATCHDOG=1", systemd.next());
        }
    }

    @Test
    void givesNoneWhileOneThreadHangsAndGoesOnWhenItAnswers() {
        Queue<Runnable> hanging = new ConcurrentLinkedQueue<>();
        watch(Map.of("one", HEALTHY, "two", hanging::add));
        assertNull(systemd.next(LONG_MS));
        assertEquals(1, hanging.size(), "questions to a thread that hangs");
        hanging.remove().run();
        assertEquals("WATCHDOG=1", systemd.next());
        Awaitility.await().until(() -> !hanging.isEmpty());
        assertNull(systemd.next(LONG_MS));
    }

    @Test
    void givesNoneWhereNoneIsWanted() {
        Queue<Runnable> asked = new ConcurrentLinkedQueue<>();
        watchdog = Watchdog.start(NotifySocket.of(Map.of("NOTIFY_SOCKET", name)), Map.of("one", asked::add));
        assertNull(systemd.next(LONG_MS));
        assertEquals(0, asked.size());
    }

    @Test
    void endsWhenClosed() {
        watch(Map.of("one", HEALTHY));
        assertEquals("WATCHDOG=1", systemd.next());
        watchdog.close();
        Awaitility.await().until(() -> systemd.next(LONG_MS) == null);
    }
}
