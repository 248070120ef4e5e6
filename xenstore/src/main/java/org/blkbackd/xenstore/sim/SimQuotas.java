// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

/**
 * What a domain other than 0 may use (xenstored_core.c, {@code quota_*}).
 *
 * @param nodes            nodes it owns
 * @param watches          watches; one more than this many succeeds, as in the C xenstored
 * @param nodeBytes        a node's record: 24 bytes, 8 per permission, value, children's names
 * @param transactions     transactions of one connection at a time; again one more succeeds
 * @param permissions      entries of a node's permissions
 * @param transactionNodes nodes one transaction touches
 */
public record SimQuotas(int nodes, int watches, int nodeBytes, int transactions, int permissions,
                        int transactionNodes) {

    /** The C xenstored's: 1000, 128, 2048, 10, 5, 1024. */
    public static SimQuotas defaults() {
        return new SimQuotas(1000, 128, 2048, 10, 5, 1024);
    }
}
