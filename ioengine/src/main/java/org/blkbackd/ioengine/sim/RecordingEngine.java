// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import com.sun.jna.Pointer;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Queue;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;

/** Engine of a {@link RecordingDisk}. Owned by its caller's thread. */
final class RecordingEngine implements IoEngine {

    private final Disk disk;
    private final IoEngine engine;
    private final DiskLog log;
    private final boolean flushes;
    private final int depth;
    private final IoLoop loop;
    private final Map<IoRequest, DiskLog.Entry> begun = new IdentityHashMap<>();
    /** Flushes that are not done; submitted, and then visible. */
    private final Queue<IoRequest> pretended = new ArrayDeque<>();
    private final Queue<IoRequest> ready = new ArrayDeque<>();

    /** @param disk the one below */
    RecordingEngine(Disk disk, DiskLog log, boolean flushes, int depth, IoLoop loop) {
        this.disk = disk;
        engine = disk.newEngine(depth, loop);
        this.log = log;
        this.flushes = flushes;
        this.depth = depth;
        this.loop = loop;
    }

    @Override
    public boolean submit(IoRequest request) {
        if (inFlight() == depth) {
            return false;
        }
        if (request.operation() == Operation.FLUSH && !flushes) {
            request.complete(0);
            pretended.add(request);
            return true;
        }
        // noted first: nothing may be on the storage that is not in the log
        DiskLog.Entry entry = begin(request);
        if (!engine.submit(request)) {
            throw new IllegalStateException("the engine below took less than its depth");
        }
        if (entry != null) {
            begun.put(request, entry);
        }
        return true;
    }

    /** Null for what changes nothing. */
    private DiskLog.Entry begin(IoRequest request) {
        if (disk.info().refusal(request) != 0) {
            return null;
        }
        return switch (request.operation()) {
            case READ -> null;
            case WRITE -> log.beginWrite(request.offsetBytes(), data(request));
            case DISCARD -> log.beginDiscard(request.offsetBytes(), request.lengthBytes());
            case FLUSH -> log.beginFlush();
        };
    }

    private static byte[] data(IoRequest request) {
        byte[] data = new byte[Math.toIntExact(request.lengthBytes())];
        int at = 0;
        for (int i = 0; i < request.pieces(); i++) {
            new Pointer(request.address(i)).read(0, data, at, request.length(i));
            at += request.length(i);
        }
        return data;
    }

    @Override
    public void kick() {
        engine.kick();
        if (!pretended.isEmpty()) {
            ready.addAll(pretended);
            pretended.clear();
            loop.wake();
        }
    }

    @Override
    public IoRequest reap() {
        IoRequest done = engine.reap();
        if (done == null) {
            return ready.poll();
        }
        DiskLog.Entry entry = begun.remove(done);
        if (entry != null) {
            log.end(entry, done.result());
        }
        return done;
    }

    @Override
    public int inFlight() {
        return engine.inFlight() + pretended.size() + ready.size();
    }

    @Override
    public void abandonDiscards() {
        engine.abandonDiscards();
    }

    @Override
    public void close() {
        if (inFlight() > 0) {
            throw new IllegalStateException(inFlight() + " requests are in flight");
        }
        engine.close();
    }
}
