// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.blkbackd.blkback.device.HandOver;

/**
 * Releases and resumes devices of this process. For each device one thing happens at a time, and each knows what the
 * one before came to, however late that was: a device that was asked to leave and takes long is resumed only once it
 * has left. Everything may be asked for again.
 */
final class Steps {

    /** Where a device is. */
    enum Place {
        /** Served by this process. */
        HERE,
        /** Not held by this process. */
        AWAY,
        /** The last step has not ended. */
        UNKNOWN
    }

    /**
     * What a step came to.
     *
     * @param trouble in one line why the device is not where it should be, or null
     */
    record Outcome(Place place, String trouble) {
    }

    private static final Outcome DONE_HERE = new Outcome(Place.HERE, null);
    private static final Outcome DONE_AWAY = new Outcome(Place.AWAY, null);

    private final HandOver devices;
    private final Place first;
    private final Duration patience;
    /** Never exceptional. */
    private final Map<String, CompletableFuture<Outcome>> last = new HashMap<>();

    /**
     * @param first    where every device is at first
     * @param patience for one step
     */
    Steps(HandOver devices, Place first, Duration patience) {
        this.devices = devices;
        this.first = first;
        this.patience = patience;
    }

    /** Lets go of a device, unless it is away. */
    Outcome release(String device) {
        return await(then(device, Place.AWAY, DONE_AWAY, () -> devices.release(device)));
    }

    /** Takes up a device, unless it is here. */
    Outcome resume(String device) {
        return await(beginResume(device));
    }

    /** The same, without waiting. */
    CompletableFuture<Outcome> beginResume(String device) {
        return then(device, Place.HERE, DONE_HERE, () -> devices.resume(device));
    }

    /** Waits for a step, and says that it takes too long when it does. */
    Outcome await(CompletableFuture<Outcome> step) {
        try {
            return step.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return new Outcome(Place.UNKNOWN, "has not ended after " + patience.toMillis() + " ms");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome(Place.UNKNOWN, "interrupted");
        } catch (ExecutionException e) {
            return new Outcome(Place.UNKNOWN, reason(e));
        }
    }

    private CompletableFuture<Outcome> then(String device, Place wanted, Outcome done,
        Supplier<CompletableFuture<Void>> step) {
        CompletableFuture<Outcome> before = last.getOrDefault(device,
            CompletableFuture.completedFuture(new Outcome(first, null)));
        CompletableFuture<Outcome> next = before.thenCompose(outcome -> {
            if (outcome.place == wanted) {
                return CompletableFuture.completedFuture(done);
            }
            return attempt(step).handle((nothing, failure) ->
                failure == null ? done : new Outcome(outcome.place, reason(failure)));
        });
        last.put(device, next);
        return next;
    }

    private static <T> CompletableFuture<T> attempt(Supplier<CompletableFuture<T>> step) {
        try {
            return step.get();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** The message of what is behind a failure of a future. */
    static String reason(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
            && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
