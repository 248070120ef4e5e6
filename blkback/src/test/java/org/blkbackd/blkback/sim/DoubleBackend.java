// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.blkif.SharedRing;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.Xenstore;

/**
 * A backend for one disk in memory, as small as the handshake allows, with faults on demand. It maps data pages, which
 * ours never does, so that the frontend's own check for mapped pages has something to see.
 */
final class DoubleBackend implements Runnable {

    static final int SECTORS = 2048;

    /** What it does wrong. */
    enum Fault { NONE, WRONG_ID, TWICE, WRONG_OPERATION, NO_ANSWER, KEEPS_RING, NEVER_CLOSES, SCRIPT_ERROR, NOT_READY,
        SKIPS_INIT_WAIT, SENSELESS_STATUS }

    private final Xenstore xenstore;
    private final DiskConfig disk;
    private final GrantTable grants;
    private final EventChannels channels;
    private final byte[] content = new byte[SECTORS * 512];
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread = new Thread(this, "double-backend");
    private final BlkifRequest request = new BlkifRequest();
    private volatile boolean stopped;
    volatile Fault fault;
    volatile RuntimeException failure;
    private GrantMapping ring;
    private BackRing back;
    private int port;

    DoubleBackend(Xenstore xenstore, SimHypervisor hypervisor, DiskConfig disk, Fault fault) {
        this.xenstore = xenstore;
        this.disk = disk;
        this.fault = fault;
        grants = hypervisor.grantTable(0);
        channels = hypervisor.eventChannels(0);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void run() {
        Watch own = xenstore.watch(disk.backendPath(), path -> wake.release());
        Watch other = xenstore.watch(disk.frontendPath() + "/state", path -> wake.release());
        try {
            while (!stopped) {
                look();
                serve();
                // Two sources and one thread: short naps do.
                wake.tryAcquire(1, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            failure = e;
        } finally {
            own.close();
            other.close();
        }
    }

    private void look() {
        String state = text(disk.backendPath() + "/state");
        String frontend = text(disk.frontendPath() + "/state");
        boolean online = text(disk.backendPath() + "/online").equals("1");
        boolean offered = frontend.equals("3") || frontend.equals("4");
        if (state.equals("1") || state.equals("6") && frontend.equals("1") && online) {
            offer();
        } else if (state.equals("2") && offered && back == null) {
            connect();
        } else if (state.equals("4") && frontend.equals("5")) {
            write("state", "5");
        } else if (frontend.isEmpty() || frontend.equals("6")) {
            if (state.equals("4") || state.equals("5")) {
                disconnect();
            }
        }
    }

    private void offer() {
        write("feature-flush-cache", "1");
        write("state", fault == Fault.SKIPS_INIT_WAIT ? "3" : "2");
        if (fault == Fault.SCRIPT_ERROR) {
            write("hotplug-error", "no such image");
        }
        if (fault != Fault.NOT_READY && disk.kind() == DiskConfig.Kind.VBD) {
            write("blkbackd-status", fault == Fault.SCRIPT_ERROR ? "error" : "ready");
        }
    }

    private void connect() {
        ring = grants.map(disk.domid(), new int[] {number("ring-ref")});
        BlkifAbi abi = BlkifAbi.forProtocol(xenstore.readOrNull(disk.frontendPath() + "/protocol"), true);
        back = new BackRing(new SharedRing(ring.buffer(), abi));
        port = channels.bindInterdomain(disk.domid(), number("event-channel"));
        write("sectors", Integer.toString(SECTORS));
        write("sector-size", "512");
        write("info", disk.readOnly() ? "4" : "0");
        write("state", "4");
    }

    private int number(String node) {
        return Integer.parseUnsignedInt(xenstore.read(disk.frontendPath() + "/" + node));
    }

    private void disconnect() {
        if (fault == Fault.NEVER_CLOSES) {
            return;
        }
        if (back != null && fault != Fault.KEEPS_RING) {
            letGo();
        }
        write("state", "6");
    }

    void letGo() {
        back = null;
        channels.unbind(port);
        ring.close();
    }

    private void serve() {
        int event = channels.pending();
        if (event != EventChannels.NONE) {
            channels.unmask(event);
        }
        while (back != null && fault != Fault.NO_ANSWER && (back.available() > 0 || requestsAfterAll())) {
            back.consume(request);
            int status = request.validate(new DiskLimits(SECTORS, 512, disk.readOnly(), false));
            if (status == Blkif.RSP_OKAY) {
                transfer();
            }
            respond(status);
            if (back.push()) {
                channels.notify(port);
            }
        }
    }

    private boolean requestsAfterAll() {
        return back.finalCheck() && back.available() > 0;
    }

    private void respond(int status) {
        long id = fault == Fault.WRONG_ID ? request.id() ^ 1L << 63 : request.id();
        int operation = fault == Fault.WRONG_OPERATION ? request.operation() + 1 : request.operation();
        back.respond(id, operation, fault == Fault.SENSELESS_STATUS ? 7 : status);
        if (fault == Fault.TWICE) {
            back.respond(id, operation, status);
        }
    }

    private void transfer() {
        int at = (int) request.sector() * 512;
        for (int i = 0; i < request.segments(); i++) {
            int length = request.sectors(i) * 512;
            try (GrantMapping page = grants.map(disk.domid(), new int[] {request.grantRef(i)})) {
                ByteBuffer bytes = page.buffer().position(request.firstSector(i) * 512);
                if (request.operation() == Blkif.OP_READ) {
                    bytes.put(content, at, length);
                } else {
                    bytes.get(content, at, length);
                }
            }
            at += length;
        }
    }

    private String text(String path) {
        String value = xenstore.readOrNull(path);
        return value == null ? "" : value;
    }

    /** Like ours, it never makes a removed directory again. */
    private void write(String node, String value) {
        xenstore.transact(store -> {
            if (store.readOrNull(disk.backendPath() + "/state") != null) {
                store.write(disk.backendPath() + "/" + node, value);
            }
            return null;
        });
    }

    void close() throws InterruptedException {
        stopped = true;
        thread.join(10_000);
        channels.close();
        grants.close();
        if (failure != null) {
            throw failure;
        }
    }
}
