// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.GrantTable;

/**
 * A hypervisor in a folder: domains, their pages, grants and event channels. Every process that opens the folder takes
 * part; one may open it several times. Closing has the effect of the process's death: what was opened through this
 * object is released. A domain is not a process: it lives until {@link SimDomain#destroy}.
 *
 * <p>Thread safe. The folder holds:
 *
 * <pre>
 *   hypervisor          header | generations and locks of members | lives of domains | faults
 *   domain-DOMID-LIFE   DomainMemory, about 1 GiB, sparse
 *   wake-TOKEN-HANDLE   FIFO of an event-channel handle
 * </pre>
 */
public final class SimHypervisor implements AutoCloseable {

    /** The first domid that is no domain (DOMID_FIRST_RESERVED). */
    static final int DOMIDS = 0x7FF0;

    private static final int MAGIC = 0x53494D31; // "SIM1": raise the digit with any change of the layout
    private static final int MEMBERS = 4096;
    private static final int FAULTS = MEMBERS + Members.BYTES;
    private static final int LIVES = FAULTS + SimFaults.BYTES;

    private final Path folder;
    private final SharedMemory memory;
    private final Members members;
    private final WakeFifos fifos;
    private final SimFaults faults;
    private final AtomicReferenceArray<DomainMemory> domains = new AtomicReferenceArray<>(DOMIDS);
    private final Set<SimEventChannels> open = ConcurrentHashMap.newKeySet();

    private SimHypervisor(Path folder) {
        this.folder = folder;
        Path file = folder.resolve("hypervisor");
        memory = SharedMemory.map(file, LIVES + 4 * DOMIDS);
        if (!memory.casInt(0, 0, MAGIC) && memory.getInt(0) != MAGIC) {
            throw new GrantException(file + " is not a simulated hypervisor, or one of another version", 0);
        }
        members = new Members(memory, MEMBERS, file);
        fifos = new WakeFifos(folder, members);
        faults = new SimFaults(memory, FAULTS);
    }

    /** Creates or joins the hypervisor in {@code folder}. */
    public static SimHypervisor open(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new GrantException("cannot create " + folder + ": " + e, 0);
        }
        SimHypervisor hypervisor = new SimHypervisor(folder.toAbsolutePath());
        hypervisor.fifos.removeDead();
        return hypervisor;
    }

    /** The grant table as backend domain {@code domid} sees it. The domain is created if need be. */
    public GrantTable grantTable(int domid) {
        return new SimGrantTable(this, create(domid).domid);
    }

    /** A handle on the event channels of domain {@code domid}, which is created if need be. */
    public EventChannels eventChannels(int domid) {
        return openChannels(create(domid));
    }

    /** The guest's side of domain {@code domid}, which is created if need be. */
    public SimDomain domain(int domid) {
        return new SimDomain(this, create(domid));
    }

    /** Failures on demand. */
    public SimFaults faults() {
        return faults;
    }

    /** Releases what was opened through this object, as the death of the process does. Mapped memory stays valid. */
    @Override
    public void close() {
        open.forEach(SimEventChannels::close);
        members.leave();
        fifos.close();
    }

    Members members() {
        return members;
    }

    WakeFifos fifos() {
        return fifos;
    }

    SimEventChannels openChannels(DomainMemory domain) {
        new PortTable(this, domain).releaseDead();
        SimEventChannels channels = new SimEventChannels(this, domain);
        open.add(channels);
        return channels;
    }

    void closed(SimEventChannels channels) {
        open.remove(channels);
    }

    /** The living domain, or null. Allocates nothing once the domain is known. */
    DomainMemory existing(int domid) {
        if (domid < 0 || domid >= DOMIDS) {
            return null;
        }
        int life = life(domid);
        if ((life & 1) == 0) {
            return null;
        }
        DomainMemory known = domains.get(domid);
        return known != null && known.incarnation == life ? known : join(domid, life);
    }

    /** Ends a life; false when it has ended already. */
    boolean end(DomainMemory domain) {
        return memory.casInt(LIVES + 4 * domain.domid, domain.incarnation, domain.incarnation + 1);
    }

    void delete(int domid, int incarnation) {
        try {
            Files.deleteIfExists(DomainMemory.file(folder, domid, incarnation));
        } catch (IOException e) {
            throw new IllegalStateException("cannot delete the memory of domain " + domid, e);
        }
    }

    /** Lives of a domain are odd; an even number says how many it has had, times two. */
    private int life(int domid) {
        return memory.getInt(LIVES + 4 * domid);
    }

    private DomainMemory create(int domid) {
        if (domid < 0 || domid >= DOMIDS) {
            throw new IllegalArgumentException("domid " + domid + " is not in 0.." + (DOMIDS - 1));
        }
        DomainMemory domain = existing(domid);
        while (domain == null) {
            int life = life(domid);
            if ((life & 1) == 0) {
                // One that was killed while it ended the last life may have left the file.
                delete(domid, life - 1);
                memory.casInt(LIVES + 4 * domid, life, life + 1);
            }
            domain = existing(domid);
        }
        return domain;
    }

    private synchronized DomainMemory join(int domid, int life) {
        DomainMemory known = domains.get(domid);
        if (known == null || known.incarnation != life) {
            known = new DomainMemory(folder, domid, life);
            domains.set(domid, known);
        }
        if (life(domid) != life) {
            // It ended meanwhile, and we may have made its file anew.
            delete(domid, life);
            return null;
        }
        return known;
    }
}
