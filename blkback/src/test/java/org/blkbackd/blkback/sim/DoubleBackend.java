// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.grant.EventChannels;
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
        SKIPS_INIT_WAIT, SENSELESS_STATUS, OUTER_OPERATION, WRONG_QUEUE, NEVER_NOTIFIES }

    private final Xenstore xenstore;
    private final DiskConfig disk;
    private final GrantTable grants;
    private final EventChannels channels;
    private final byte[] content = new byte[SECTORS * 512];
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread = new Thread(this, "double-backend");
    private volatile boolean stopped;
    volatile Fault fault;
    volatile RuntimeException failure;
    volatile List<DoubleQueue> queues = List.of();

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
        } else if (state.equals("2") && offered && queues.isEmpty()) {
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
        BlkifAbi abi = BlkifAbi.forProtocol(xenstore.readOrNull(disk.frontendPath() + "/protocol"), true);
        List<DoubleQueue> opened = new ArrayList<>();
        int count = number("multi-queue-num-queues", 1);
        for (int i = 0; i < count; i++) {
            String directory = count == 1 ? "" : "queue-" + i + "/";
            opened.add(new DoubleQueue(grants, channels, disk.domid(), refs(directory),
                number(directory + "event-channel", -1), abi));
        }
        queues = List.copyOf(opened);
        write("sectors", Integer.toString(SECTORS));
        write("sector-size", "512");
        write("info", disk.readOnly() ? "4" : "0");
        write("state", "4");
    }

    private int[] refs(String directory) {
        int order = number("ring-page-order", -1);
        int[] refs = new int[order < 0 ? 1 : 1 << order];
        for (int i = 0; i < refs.length; i++) {
            refs[i] = number(directory + "ring-ref" + (order < 0 ? "" : i), -1);
        }
        return refs;
    }

    private int number(String node, int absent) {
        String value = xenstore.readOrNull(disk.frontendPath() + "/" + node);
        return value == null ? absent : Integer.parseUnsignedInt(value);
    }

    private void disconnect() {
        if (fault == Fault.NEVER_CLOSES) {
            return;
        }
        if (fault != Fault.KEEPS_RING) {
            letGo();
        }
        write("state", "6");
    }

    void letGo() {
        queues.forEach(DoubleQueue::close);
        queues = List.of();
    }

    private void serve() {
        int event = channels.pending();
        if (event != EventChannels.NONE) {
            channels.unmask(event);
        }
        for (DoubleQueue queue : queues) {
            while (fault != Fault.NO_ANSWER && queue.take()) {
                int status = queue.request.execute(content, disk.readOnly(), grants, disk.domid());
                respond(fault == Fault.WRONG_QUEUE ? queues.get(1) : queue, queue.request, status);
            }
        }
    }

    private void respond(DoubleQueue queue, DoubleRequest request, int status) {
        long id = fault == Fault.WRONG_ID ? request.id ^ 1L << 63 : request.id;
        int operation = fault == Fault.WRONG_OPERATION ? request.operation + 1
            : fault == Fault.OUTER_OPERATION ? Blkif.OP_INDIRECT : request.operation;
        queue.respond(id, operation, fault == Fault.SENSELESS_STATUS ? 7 : status);
        if (fault == Fault.TWICE) {
            queue.respond(id, operation, status);
        }
        queue.push(fault != Fault.NEVER_NOTIFIES);
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
