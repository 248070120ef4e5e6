// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

/**
 * All that decides the next step of one vbd: what xenstore says now, and how far we are. Immutable.
 *
 * @param seen    what xenstore says
 * @param data    how far the data path is
 * @param offered our features are in the backend directory, written since it became ready
 * @param failed  the last connection failed, and the frontend has not started over since
 */
public record Handshake(Seen seen, Data data, boolean offered, boolean failed) {

    /**
     * One look at xenstore.
     *
     * @param backend  our own {@code state} node; the toolstack writes it too
     * @param frontend the frontend's {@code state} node; UNKNOWN when its directory is gone
     * @param online   the toolstack wants the device to exist
     * @param ready    nothing but the frontend is waited for: the hot-plug script has run, where the kind has one
     * @param present  the backend directory exists
     */
    public record Seen(XenbusState backend, XenbusState frontend, boolean online, boolean ready, boolean present) {

        /** The backend directory is gone. */
        public static final Seen NOTHING = new Seen(XenbusState.UNKNOWN, XenbusState.UNKNOWN, false, false, false);
    }

    /** How far the data path is. */
    public enum Data {
        /** No image open, no ring mapped. */
        IDLE,
        /** Image and ring are being opened. */
        CONNECTING,
        /** Requests flow. */
        SERVING,
        /** The guest is suspended: image and ring are being released, to go on later. */
        PARKING,
        /** The image is closed, and the ring is watched for the guest to go on. */
        PARKED,
        /** Ring and image are being released. */
        RELEASING
    }

    /** A device just noticed. */
    public static Handshake discovered() {
        return new Handshake(Seen.NOTHING, Data.IDLE, false, false);
    }

    /** The same after another look at xenstore. */
    public Handshake looked(Seen now) {
        // xen-blkback, where it is loaded, writes features of its own until the script has taken the device away.
        boolean stale = now.ready() && !seen.ready();
        boolean startsOver = now.frontend() == XenbusState.INITIALISING;
        return new Handshake(now, data, offered && !stale, failed && !startsOver);
    }

    XenbusState backend() {
        return seen.backend();
    }

    XenbusState frontend() {
        return seen.frontend();
    }

    Handshake backend(XenbusState state) {
        Seen after = new Seen(state, seen.frontend(), seen.online(), seen.ready(), seen.present());
        return new Handshake(after, data, offered, failed);
    }

    Handshake data(Data newData) {
        return new Handshake(seen, newData, offered, failed);
    }

    /** The same, but our features are written, or are not. */
    public Handshake offered(boolean newOffered) {
        return new Handshake(seen, data, newOffered, failed);
    }

    Handshake failed(boolean newFailed) {
        return new Handshake(seen, data, offered, newFailed);
    }
}
