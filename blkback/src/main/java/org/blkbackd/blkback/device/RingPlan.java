// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.journal.JournalException;
import org.blkbackd.blkback.journal.JournalFolder;
import org.blkbackd.blkback.journal.RingJournal;
import org.blkbackd.blkback.ring.RingSpec;
import org.blkbackd.blkback.ring.Throttle;
import org.blkbackd.blkback.wire.RingRecord;
import org.blkbackd.blkback.xenbus.RingOffer;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.blkbackd.blkback.xenbus.VbdConfig;
import org.blkbackd.ioengine.Disk;

/**
 * What the rings of one connection are to be made from: a new offer of the frontend's, or the journals that an earlier
 * process left. Owned by the conductor.
 *
 * <p>A connection has a name of its own, random, in xenstore beside state 4 and in its journals. A directory that was
 * made anew since, for another guest that has the same domain id, does not have it.
 */
final class RingPlan {

    private static final SecureRandom RANDOM = new SecureRandom();

    private final VbdAddress address;
    private final JournalFolder journals;
    private final String connection;
    private final RingOffer offer;
    private final RingSpec.Start start;
    private final List<JournalFolder.Found> found;
    private Throttle throttle;

    private RingPlan(VbdAddress address, JournalFolder journals, String connection, RingOffer offer,
        RingSpec.Start start, List<JournalFolder.Found> found) {
        this.address = address;
        this.journals = journals;
        this.connection = connection;
        this.offer = offer;
        this.start = start;
        this.found = found;
    }

    /** For rings that the frontend has just made. */
    static RingPlan fresh(VbdAddress address, JournalFolder journals, RingOffer offer) {
        byte[] name = new byte[16];
        RANDOM.nextBytes(name);
        return new RingPlan(address, journals, HexFormat.of().formatHex(name), offer, RingSpec.Start.NEW, List.of());
    }

    /** For rings that another process has served without leaving journals. */
    static RingPlan unknown(VbdAddress address, JournalFolder journals, String connection, RingOffer offer) {
        String name = connection == null ? fresh(address, journals, offer).connection : connection;
        return new RingPlan(address, journals, name, offer, RingSpec.Start.UNKNOWN, List.of());
    }

    /**
     * For rings whose journals are there. Their grants and ports are taken from there: what the frontend's directory
     * says now may be newer than the rings.
     *
     * @throws JournalException when they cannot be relied on
     */
    static RingPlan journaled(VbdAddress address, JournalFolder journals) throws JournalException {
        List<JournalFolder.Found> found = new ArrayList<>();
        JournalFolder.Found first = journals.open(address.toString(), 0);
        found.add(first);
        for (int queue = 1; queue < first.record().queues(); queue++) {
            found.add(journals.open(address.toString(), queue));
        }
        for (JournalFolder.Found one : found) {
            if (!one.record().connection().equals(first.record().connection())
                || one.record().domid() != address.domid()) {
                throw new JournalException("the journals of its queues are of different connections");
            }
        }
        List<RingOffer.Queue> queues = found.stream()
            .map(one -> new RingOffer.Queue(one.record().ringRefs(), one.record().remotePort())).toList();
        RingOffer offer = new RingOffer(queues, BlkifAbi.values()[first.record().abi()]);
        return new RingPlan(address, journals, first.record().connection(), offer, RingSpec.Start.JOURNALED, found);
    }

    /** The rings share {@code limit}. */
    RingPlan limitedBy(Throttle limit) {
        throttle = limit;
        return this;
    }

    /** The connection's name. */
    String connection() {
        return connection;
    }

    /** Whether rings are taken up that another process has served. */
    boolean resumes() {
        return start != RingSpec.Start.NEW;
    }

    /** Whether the journals were there before. */
    boolean isJournaled() {
        return start == RingSpec.Start.JOURNALED;
    }

    /** The size that the guest was told last, or -1. */
    long knownSectors() {
        return found.isEmpty() ? -1 : found.get(0).record().sectors();
    }

    /** The disk that the rings were made for, or null. */
    String knownTarget() {
        return found.isEmpty() ? null : found.get(0).record().target();
    }

    /** What their guest has negotiated, or will. */
    FeatureState needs(VbdConfig config, ErrorPolicy policy) {
        int pages = offer.queues().get(0).ringRefs().length;
        return new FeatureState(Integer.numberOfTrailingZeros(pages), offer.queues().size(),
            Blkif.MAX_INDIRECT_SEGMENTS, config.target().sectorSize(), knownSectors(), config.readOnly(),
            policy.words(), List.of());
    }

    /** The rings, with journals; {@code log} is told when there can be none. */
    List<RingSpec> specs(VbdConfig config, ErrorPolicy policy, Disk disk, DiskLimits limits, VbdLog log) {
        List<RingSpec> specs = new ArrayList<>();
        // Queue 0 last: its journal says that there are journals.
        for (int i = offer.queues().size() - 1; i >= 0; i--) {
            RingOffer.Queue queue = offer.queues().get(i);
            RingJournal journal = found.isEmpty() ? create(config, queue, i, limits, log) : found.get(i).journal();
            specs.add(0, new RingSpec(address.toString(), i, address.domid(), queue.ringRefs(), queue.port(),
                offer.abi(), disk, limits, policy, throttle, journal, start));
        }
        return specs;
    }

    private RingJournal create(VbdConfig config, RingOffer.Queue queue, int number, DiskLimits limits, VbdLog log) {
        int slots = offer.abi().slots(queue.ringRefs().length * Blkif.PAGE_SIZE);
        RingRecord record = new RingRecord(address.toString(), connection, number, offer.queues().size(),
            address.domid(), queue.ringRefs(), queue.port(), offer.abi().ordinal(), slots, limits.sectors(),
            limits.sectorSize(), limits.readOnly(), limits.discard(), config.target().disk());
        try {
            return journals.create(record);
        } catch (JournalException e) {
            log.error("is served without a journal, so its guest's requests will not survive an end of blkbackd: "
                + e.getMessage());
            return RingJournal.volatileOnly(slots);
        }
    }
}
