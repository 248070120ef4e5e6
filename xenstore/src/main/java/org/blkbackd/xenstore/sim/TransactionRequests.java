// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import org.blkbackd.xenstore.wire.Message;

/** TRANSACTION_START and TRANSACTION_END, with conflicts on demand. */
final class TransactionRequests {

    private final Store store;
    private final SimQuotas quotas;
    private int conflictsToCome;

    TransactionRequests(Store store, SimQuotas quotas) {
        this.store = store;
        this.quotas = quotas;
    }

    /** The next so many commits are answered with EAGAIN. */
    void setConflicts(int count) {
        conflictsToCome = count;
    }

    int conflictsToCome() {
        return conflictsToCome;
    }

    byte[] start(SimConnection connection, Caller caller) {
        if (caller.transaction() != null) {
            throw new StoreError("EBUSY");
        }
        if (caller.isUnprivileged() && connection.transactions.size() > quotas.transactions()) {
            throw new StoreError("ENOSPC");
        }
        return Message.terminated(Integer.toUnsignedString(connection.start(new Transaction())));
    }

    void end(SimConnection connection, Caller caller, Message request) {
        String verdict = Requests.onlyString(request);
        if (!verdict.equals("T") && !verdict.equals("F")) {
            throw new StoreError("EINVAL");
        }
        if (caller.transaction() == null) {
            throw new StoreError("ENOENT");
        }
        connection.transactions.remove(request.txId());
        if (verdict.equals("F")) {
            return;
        }
        if (conflictsToCome > 0) {
            conflictsToCome--;
            throw new StoreError("EAGAIN");
        }
        store.commit(caller);
    }
}
