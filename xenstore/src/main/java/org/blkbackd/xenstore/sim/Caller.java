// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

/** On whose behalf, and in which transaction (null outside one), the store is asked. */
record Caller(int domid, Transaction transaction) {

    static final Caller DOM0 = new Caller(0, null);

    boolean isUnprivileged() {
        return domid != 0;
    }

    Caller outside() {
        return new Caller(domid, null);
    }
}
