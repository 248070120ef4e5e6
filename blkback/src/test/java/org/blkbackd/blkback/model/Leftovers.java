// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntSupplier;

/** What a host with an idle daemon holds, measured before, to be found again after everybody has left. */
final class Leftovers {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ModelHost host;
    private final int watches;
    private final List<String> descriptors;
    private final Set<String> threads;

    Leftovers(ModelHost host) {
        this.host = host;
        watches = host.xenstored.watchCount();
        descriptors = ModelHost.descriptors();
        threads = threads();
    }

    /** Nothing of any device is left: no node, watch (the daemon has one for each device), descriptor, thread. */
    void assertNone(Path images) {
        assertSoon("watches", watches, () -> host.xenstored.watchCount());
        for (String kind : ModelHost.KINDS) {
            assertEquals(List.of(), host.nodesBelow("/local/domain/0/backend/" + kind));
            assertSoon("error nodes", 0, () -> (int) host.nodesBelow("/local/domain/0/error").stream()
                .filter(path -> path.endsWith("/error")).count());
        }
        assertEquals(0, ModelHost.descriptors(images), "descriptors of images");
        await().alias("descriptors").atMost(PATIENCE).untilAsserted(() -> assertEquals(List.of(), newDescriptors()));
        await().alias("threads").atMost(PATIENCE).untilAsserted(() -> assertEquals(Set.of(), newThreads()));
    }

    private Set<String> newThreads() {
        Set<String> more = threads();
        more.removeAll(threads);
        more.removeIf(name -> name.startsWith("blkbackd-io-"));
        return more;
    }

    private List<String> newDescriptors() {
        List<String> more = ModelHost.descriptors();
        descriptors.forEach(more::remove);
        // The simulated hypervisor keeps those it has notified until it meets a new one.
        more.removeIf(target -> target.contains("/hypervisor/wake-"));
        return more;
    }

    private static void assertSoon(String what, int expected, IntSupplier now) {
        await().alias(what).atMost(PATIENCE).untilAsserted(() -> assertEquals(expected, now.getAsInt(), what));
    }

    private static Set<String> threads() {
        Set<String> names = new TreeSet<>();
        Thread.getAllStackTraces().keySet().forEach(thread -> names.add(thread.getName()));
        // Who runs the test, and the virtual machine's own.
        names.removeIf(name -> !name.startsWith("blkbackd") && !name.startsWith("worker")
            && !name.startsWith("xenstore"));
        return names;
    }
}
