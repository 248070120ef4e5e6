// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.XenstoreOps;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;

/** Runs work in transactions until one commits or the tries are used up. */
final class Transactions {

    /** The pause after the first conflict is at most 1 ms, after the seventh and later ones at most 64 ms. */
    private static final int MOST_DOUBLINGS = 6;

    private final Keeper keeper;
    private final ClientOptions options;

    Transactions(Keeper keeper, ClientOptions options) {
        this.keeper = keeper;
        this.options = options;
    }

    <T> T run(Function<XenstoreOps, T> work) {
        return run(options.transactionTries(), work);
    }

    <T> T run(int mostTries, Function<XenstoreOps, T> work) {
        for (int tries = 1; ; tries++) {
            Connection connection = keeper.connection("transaction");
            int txId = start(connection);
            T result = runOnce(work, connection, txId);
            try {
                call(connection, MessageType.TRANSACTION_END, txId, Message.terminated("T"), "commit");
                return result;
            } catch (XenstoreException e) {
                if (!e.error().equals("EAGAIN")) {
                    throw e;
                }
                if (tries >= mostTries) {
                    throw new XenstoreException("transaction in conflict " + tries + " times", e.error(), e);
                }
            }
            pause(tries);
        }
    }

    private int start(Connection connection) {
        String number = call(connection, MessageType.TRANSACTION_START, 0, Message.terminated(""),
                "start a transaction").text();
        try {
            return Integer.parseUnsignedInt(number);
        } catch (NumberFormatException e) {
            throw new XenstoreException("start a transaction: answered with " + number, "EIO", e);
        }
    }

    private <T> T runOnce(Function<XenstoreOps, T> work, Connection connection, int txId) {
        boolean done = false;
        try {
            T result = work.apply(new NodeOperations(requests ->
                    connection.callAll(requests, txId, options.callTimeout())));
            done = true;
            return result;
        } finally {
            if (!done) {
                connection.post(MessageType.TRANSACTION_END, txId, Message.terminated("F"));
            }
        }
    }

    private Message call(Connection connection, MessageType type, int txId, byte[] payload, String what) {
        return connection.call(type, txId, payload, options.callTimeout(), what);
    }

    private static void pause(int tries) {
        long longestNs = TimeUnit.MILLISECONDS.toNanos(1L << Math.min(tries - 1, MOST_DOUBLINGS));
        LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(longestNs / 2, longestNs));
    }
}
