// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.time.Duration;

/**
 * Times and bounds of a client.
 *
 * @param callTimeout      how long a call waits for its answer
 * @param connectTimeout   how long one attempt to connect may take
 * @param reconnectWait    how long a call made while disconnected waits for a new connection; zero fails at once
 * @param firstBackoff     pause before the second attempt to reconnect; doubles from there
 * @param longestBackoff   longest pause between attempts to reconnect
 * @param transactionTries how often a transaction is run before EAGAIN is given to the caller
 */
public record ClientOptions(Duration callTimeout, Duration connectTimeout, Duration reconnectWait,
                            Duration firstBackoff, Duration longestBackoff, int transactionTries) {

    public ClientOptions {
        if (transactionTries < 1 || callTimeout.isNegative() || firstBackoff.isNegative() || firstBackoff.isZero()) {
            throw new IllegalArgumentException("not sensible: " + transactionTries + " tries, call time-out "
                    + callTimeout + ", first backoff " + firstBackoff);
        }
    }

    /** 10 s a call, 5 s to connect, no waiting while disconnected, backoff 20 ms to 2 s, 50 tries. */
    public static ClientOptions defaults() {
        return new ClientOptions(Duration.ofSeconds(10), Duration.ofSeconds(5), Duration.ZERO, Duration.ofMillis(20),
                Duration.ofSeconds(2), 50);
    }

    /** The same with another time-out for calls. */
    public ClientOptions withCallTimeout(Duration timeout) {
        return new ClientOptions(timeout, connectTimeout, reconnectWait, firstBackoff, longestBackoff,
                transactionTries);
    }

    /** The same with another wait for a new connection. */
    public ClientOptions withReconnectWait(Duration wait) {
        return new ClientOptions(callTimeout, connectTimeout, wait, firstBackoff, longestBackoff, transactionTries);
    }
}
