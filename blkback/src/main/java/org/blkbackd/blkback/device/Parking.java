// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.blkbackd.blkback.control.ParkCounts;
import org.blkbackd.blkback.fault.Faults;
import org.blkbackd.blkback.ring.RingSentinel;
import org.blkbackd.blkback.xenbus.XenbusEvent;

/**
 * The disk of a guest that seems to be suspended, for a migration or a save: its image is closed and its lock free, so
 * that another host can have it, and its rings are watched. Nothing is done for the guest before a ring moves, however
 * much its journal holds: the same requests may be done on another host by then. For that reason a disk parks only when
 * nothing is in flight or held, and until then goes on and keeps its lock. Owned by the conductor.
 */
final class Parking {

    /** A guest that is so busy is not suspended. */
    private static final int MOST_DRAINS = 100;

    private final Connector connector;
    private final Claims claims;
    private final VbdLog log;
    private final Consumer<XenbusEvent> events;
    private final List<RingSentinel> sentinels = new ArrayList<>();
    /** What is to be parked, once nothing is in flight. */
    private DataPath leaving;
    /** How often all rings have said that nothing is in flight. */
    private int drains;
    private long untilNs;
    /** The guess came while the disk was being opened. */
    private boolean guessedEarly;
    /** What is parked, closed; or goes on, and is not open again yet. */
    private DataPath parked;
    /** It is parked, and neither on its way back nor to its end. */
    private boolean watching;
    private boolean blind;
    private String told;
    private Runnable then;
    private long parks;
    private long unparks;

    /** @param events told SUSPENDED, MOVED and RELEASED */
    Parking(Connector connector, Claims claims, VbdLog log, Consumer<XenbusEvent> events) {
        this.connector = connector;
        this.claims = claims;
        this.log = log;
        this.events = events;
    }

    // --- into it ----------------------------------------------------------------------------------------------------

    /**
     * Its guest seems to be suspended, which holds until then, in nanoseconds: parks it when its requests have ended,
     * and after it is served, where that is just beginning.
     */
    void guess(DataPath data, boolean served, long guessedUntilNs) {
        if (served) {
            prepare(data, guessedUntilNs);
        } else if (data != null && !data.isParked()) {
            guessedEarly = true;
            untilNs = guessedUntilNs;
        }
    }

    /** It is served from now on. */
    void served(DataPath data) {
        if (guessedEarly && untilNs - System.nanoTime() > 0) {
            prepare(data, untilNs);
        }
        guessedEarly = false;
    }

    private void prepare(DataPath data, long guessedUntilNs) {
        if (!data.isJournaled()) {
            log.debug("is not parked: it has no journal");
            return;
        }
        leaving = data;
        drains = 0;
        untilNs = guessedUntilNs;
        data.ringSet().drain();
        if (Faults.isOff(Faults.Safeguard.DRAIN)) {
            events.accept(XenbusEvent.SUSPENDED);
        }
    }

    /**
     * A ring of this connection, which may have ended since, had nothing in flight. It served on: when the last of them
     * says so, the first may have something again, and is asked once more.
     */
    void onDrained(DataPath data) {
        if (data == null || !data.ringSet().onDrained() || data != leaving || untilNs - System.nanoTime() <= 0) {
            return;
        }
        if (VbdReport.inFlight(data.rings()) == 0) {
            events.accept(XenbusEvent.SUSPENDED);
        } else if (++drains < MOST_DRAINS) {
            data.ringSet().drain();
        }
    }

    /** Its image is closed. */
    void entered(DataPath closed) {
        leaving = null;
        parked = closed;
        parks++;
        log.info("parked " + closed.config().target() + ": its guest seems to be suspended, other hosts can have it");
        watch();
    }

    private void watch() {
        blind = false;
        watching = true;
        sentinels.addAll(parked.ringSet().watch());
    }

    // --- parked -----------------------------------------------------------------------------------------------------

    /** What is parked, or goes on and is not served yet; null when there is no such. */
    DataPath parked() {
        return parked;
    }

    /** The guest goes on, unless that was known. */
    void onMoved(RingSentinel sentinel) {
        if (watching && sentinels.contains(sentinel)) {
            events.accept(XenbusEvent.MOVED);
        }
    }

    /** Another try follows; without seeing the guest go on we must not. */
    void onBlind(RingSentinel sentinel, String reason) {
        if (watching && sentinels.contains(sentinel)) {
            if (!reason.equals(told)) {
                told = reason;
                log.error("is parked, and whether its guest goes on cannot be seen: " + reason);
            }
            blind = true;
        }
    }

    /** A ring is to be watched again. */
    boolean isBlind() {
        return blind;
    }

    /** Tries again to watch what cannot be watched. */
    void look() {
        if (blind && watching && then == null) {
            end(this::watch);
        }
    }

    void onEnded(RingSentinel sentinel) {
        sentinels.remove(sentinel);
        if (sentinels.isEmpty() && then != null) {
            Runnable next = then;
            then = null;
            next.run();
        }
    }

    // --- out of it --------------------------------------------------------------------------------------------------

    /** {@code next} follows when nothing of the rings is held. */
    private void end(Runnable next) {
        blind = false;
        then = next;
        if (sentinels.isEmpty()) {
            onEnded(null);
        }
        sentinels.forEach(sentinel -> parked.ringSet().endWatch(sentinel));
    }

    /** The guest goes on, and its disk is to be opened again; what takes up the rings may follow at once. */
    void leave() {
        if (watching) {
            log.info("its guest goes on");
            watching = false;
            end(() -> { });
        }
    }

    /** The guest is gone, to another host or for good; RELEASED follows. */
    void release() {
        if (!watching) {
            // it is being released
            return;
        }
        watching = false;
        end(() -> {
            log.info("released " + parked.config().target() + ", which was parked");
            over();
            connector.forget();
            events.accept(XenbusEvent.RELEASED);
        });
    }

    /** The daemon ends; another finds the journals. */
    void leaveBehind(Runnable next) {
        watching = false;
        end(() -> {
            log.info("leaves " + parked.config().target() + ", which is parked");
            over();
            next.run();
        });
    }

    /** It is served again. */
    void left() {
        if (parked != null) {
            parked = null;
            told = null;
            unparks++;
        }
    }

    /** It will not be served again, by this process or by this host. */
    void over() {
        if (parked != null) {
            claims.released(parked.claim());
            parked = null;
            told = null;
        }
    }

    /** For administrators; null when it was never parked. */
    ParkCounts counts() {
        return parks == 0 ? null : new ParkCounts(watching, parks, unparks);
    }
}
