// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

/**
 * One end of an event channel in one word, so that a single compare-and-set changes it. The serials tell a port from
 * the next one with the same number; a channel exists while both ends name each other.
 *
 * <pre>
 *   bit    63..48          47..33        32..18         17..2    1..0
 *          remote serial   remote port   remote domid   serial   INTERDOMAIN
 *                                        remote domid   serial   UNBOUND       who may bind it
 *                 owner's token : 30                    serial   RESERVED      being set up
 *                                                       serial   FREE          of the last one
 * </pre>
 */
final class PortLink {

    static final int FREE = 0;
    static final int RESERVED = 1;
    static final int UNBOUND = 2;
    static final int INTERDOMAIN = 3;

    private static final int SERIAL = 0xFFFF;

    private PortLink() {
    }

    static long free(long link) {
        return withSerial(link, FREE);
    }

    /** A claimed port, with the serial after that of {@code freeLink}. */
    static long reserved(long freeLink, int token) {
        return (long) token << 18 | (serial(freeLink) + 1 & SERIAL) << 2 | RESERVED;
    }

    static long unbound(long link, int remoteDomid) {
        return withSerial(link, UNBOUND) | (long) remoteDomid << 18;
    }

    static long interdomain(long link, int remoteDomid, int remotePort, long remoteLink) {
        return withSerial(link, INTERDOMAIN) | (long) remoteDomid << 18 | (long) remotePort << 33
            | (long) serial(remoteLink) << 48;
    }

    static int state(long link) {
        return (int) link & 3;
    }

    static int serial(long link) {
        return (int) (link >>> 2) & SERIAL;
    }

    /** Of a RESERVED link. */
    static int token(long link) {
        return (int) (link >>> 18) & 0x3FFFFFFF;
    }

    static int remoteDomid(long link) {
        return (int) (link >>> 18) & 0x7FFF;
    }

    static int remotePort(long link) {
        return (int) (link >>> 33) & 0x7FFF;
    }

    static int remoteSerial(long link) {
        return (int) (link >>> 48);
    }

    /** Whether {@code link} is bound to the very port that {@code remoteLink} is the link of. */
    static boolean names(long link, int remoteDomid, int remotePort, long remoteLink) {
        return link == interdomain(link, remoteDomid, remotePort, remoteLink);
    }

    private static long withSerial(long link, int state) {
        return (long) serial(link) << 2 | state;
    }
}
