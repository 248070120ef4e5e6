// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.xenstore.wire.MessageType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What every xenstored does that our client may meet: Xen's own, and the simulated one. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
abstract class XenstoreContract
        implements NodeContract, WatchContract, TransactionContract, DomainContract, ClientContract, BatchContract {

    private static final AtomicInteger NEXT = new AtomicInteger(1);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Map<Integer, RawClient> guests = new HashMap<>();
    private String base;

    /** Domain 0's way in. */
    abstract Transport transport();

    /** An introduced domain's way in; at most one connection at a time. */
    abstract Transport guestTransport(int domid);

    /** The hypervisor makes a domain. */
    abstract void create(int domid);

    @BeforeEach
    void makeBase() {
        base = "/contract/" + NEXT.getAndIncrement();
        dom0().ok(MessageType.MKDIR, base);
    }

    @AfterEach
    void closeClients() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
        guests.clear();
    }

    @Override
    public String base() {
        return base;
    }

    @Override
    public RawClient dom0() {
        RawClient client = RawClient.connect(transport());
        open.push(client);
        return client;
    }

    @Override
    public int createDomain() {
        int domid = 100 + NEXT.getAndIncrement();
        create(domid);
        return domid;
    }

    @Override
    public int newDomain() {
        int domid = createDomain();
        String home = "/local/domain/" + domid;
        RawClient c = dom0();
        c.ok(MessageType.MKDIR, home);
        c.ok(MessageType.SET_PERMS, home, "n" + domid);
        introduce(domid);
        return domid;
    }

    @Override
    public RawClient guest(int domid) {
        return guests.computeIfAbsent(domid, id -> {
            RawClient client = RawClient.connect(guestTransport(id));
            open.push(client);
            return client;
        });
    }

    @Override
    public XenstoreClient client() {
        return opened(transport());
    }

    @Override
    public XenstoreClient guestClient(int domid) {
        return opened(guestTransport(domid));
    }

    private XenstoreClient opened(Transport transport) {
        XenstoreClient client = XenstoreClient.connect(transport, ClientOptions.defaults());
        open.push(client);
        return client;
    }
}
