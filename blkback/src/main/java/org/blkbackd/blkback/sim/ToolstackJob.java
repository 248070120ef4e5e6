// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.blkbackd.xenstore.Xenstore;

/**
 * Something libxl has begun and waits for, one node after another. Who has many of them at once polls; who has one
 * waits. Owned by one thread.
 */
public final class ToolstackJob {

    /**
     * A node waited for.
     *
     * @param wanted looks at its value, null for an absent node
     * @param then   is given the value, wanted or not, as soon as it is wanted or time is up; returns what is waited
     *               for next, or null
     */
    record Wait(String path, long timeoutMs, Predicate<String> wanted, Function<String, Wait> then) {
    }

    private final Xenstore xenstore;
    private Wait wait;
    private long sinceNs = System.nanoTime();

    ToolstackJob(Xenstore xenstore, Wait first) {
        this.xenstore = xenstore;
        this.wait = first;
    }

    /**
     * Looks once and goes as far as that leads; true when the job is done.
     *
     * @throws ToolstackException what was waited for did not happen in time; then the job is done, too
     */
    public boolean poll() {
        while (wait != null) {
            String value = xenstore.readOrNull(wait.path());
            if (!wait.wanted().test(value) && leftMs() > 0) {
                return false;
            }
            advance(value);
        }
        return true;
    }

    /**
     * Waits until the job is done.
     *
     * @throws ToolstackException what was waited for did not happen in time
     */
    public void await() {
        while (wait != null) {
            advance(NodeWait.await(xenstore, wait.path(), Math.max(0, leftMs()), wait.wanted()));
        }
    }

    private long leftMs() {
        return wait.timeoutMs() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNs);
    }

    private void advance(String value) {
        Wait over = wait;
        wait = null;
        wait = over.then().apply(value);
        sinceNs = System.nanoTime();
    }
}
