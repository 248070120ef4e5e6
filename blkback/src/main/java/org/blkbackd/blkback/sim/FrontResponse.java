// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/** A response as it stood in its slot. Reusable. */
public final class FrontResponse {

    private long id;
    private int operation;
    private int status;

    void set(long newId, int newOperation, int newStatus) {
        id = newId;
        operation = newOperation;
        status = newStatus;
    }

    /** {@code id}. */
    public long id() {
        return id;
    }

    /** {@code operation}. */
    public int operation() {
        return operation;
    }

    /** {@code status}, signed. */
    public int status() {
        return status;
    }
}
