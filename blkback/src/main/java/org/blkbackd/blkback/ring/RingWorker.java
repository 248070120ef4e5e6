// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.ioengine.IoLoop;

/**
 * Data-path thread: the duty cycle over the rings and sentinels it owns. Everything but {@link #proxy} and {@link #run}
 * belongs to the thread inside {@link #run}.
 */
public final class RingWorker implements Runnable {

    private final RingTools tools;
    private final RingListener listener;
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final List<Attached> attached = new ArrayList<>();
    private final IdlePoll poll;
    private boolean closing;

    /**
     * Takes over {@code channels} and {@code loop}, which nobody else may use.
     *
     * @param mayPoll whether it may look for work for some microseconds before it sleeps, where that pays
     */
    public RingWorker(GrantTable grants, EventChannels channels, IoLoop loop, RingListener listener, boolean mayPoll) {
        this.listener = listener;
        poll = new IdlePoll(mayPoll);
        tools = new RingTools(grants, channels, loop, listener);
    }

    /** The way for other threads to speak to this worker. */
    public RingWorkerProxy proxy() {
        return new RingWorkerProxy(this, commands, tools);
    }

    /** The worker's life: works until {@link RingWorkerProxy#close}, sleeps when there is nothing to do. */
    @Override
    public void run() {
        while (!closing) {
            if (doWork(false) > 0) {
                found();
            } else if (!isWithStorage() && poll.lookAgain(idleTime())) {
                Thread.onSpinWait();
            } else {
                sleep();
            }
        }
        tools.close();
    }

    private boolean isWithStorage() {
        for (int i = 0; i < attached.size(); i++) {
            if (attached.get(i).isWithStorage()) {
                return true;
            }
        }
        return false;
    }

    private long idleTime() {
        return poll.isTimed() ? tools.clock().now() : 0;
    }

    private void found() {
        if (poll.isIdle() && poll.found(idleTime(), tools.counters().get(WorkerCounters.Counter.REQUESTS))) {
            tools.counters().add(WorkerCounters.Counter.POLLS, 1);
        }
    }

    private void sleep() {
        tools.loop().announceSleep();
        if (doWork(true) > 0 || closing) {
            tools.loop().stayAwake();
            found();
        } else {
            tools.loop().sleep(waitNs());
        }
    }

    /** @param last the worker sleeps if nothing is done */
    private int doWork(boolean last) {
        tools.clock().next();
        int work = runCommands() + drainEvents();
        for (int i = attached.size() - 1; i >= 0; i--) {
            Attached one = attached.get(i);
            work += pass(one, last);
            if (one.isReleased()) {
                attached.remove(i);
            }
        }
        return work;
    }

    /** How long the worker may sleep when nothing happens. */
    private long waitNs() {
        tools.clock().next();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < attached.size(); i++) {
            least = Math.min(least, attached.get(i).waitNs());
        }
        return least == Long.MAX_VALUE ? IoLoop.FOR_EVER : least;
    }

    private int pass(Attached one, boolean last) {
        tools.clock().next();
        try {
            return one.pass(last);
        } catch (RuntimeException e) {
            // A fault that comes again at every pass must not keep the worker from its sleep.
            return one.fail(e) ? 1 : 0;
        }
    }

    private int runCommands() {
        int ran = 0;
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            command.run();
            ran++;
        }
        return ran;
    }

    private int drainEvents() {
        int events = 0;
        if (!tools.loop().mayBeReadable()) {
            return events;
        }
        EventChannels channels = tools.channels();
        for (int port = channels.pending(); port != EventChannels.NONE; port = channels.pending()) {
            events++;
            Attached owner = tools.byPort(port);
            // A port without an owner was unbound while its event was on the way: it stays masked.
            if (owner != null) {
                owner.signal();
            }
        }
        if (events > 0) {
            tools.counters().add(WorkerCounters.Counter.EVENTS, events);
        }
        return events;
    }

    void onAttachRing(VbdRing ring) {
        try {
            ring.attach();
        } catch (RuntimeException e) {
            listener.attachFailed(ring, e.getMessage());
            return;
        }
        tools.rememberPort(ring.port(), ring);
        attached.add(ring);
        listener.attached(ring);
    }

    void onAttachSentinel(RingSentinel sentinel) {
        try {
            sentinel.attach();
        } catch (RuntimeException e) {
            listener.blind(sentinel, e.getMessage());
            return;
        }
        tools.rememberPort(sentinel.port(), sentinel);
        attached.add(sentinel);
    }

    void onEndSentinel(RingSentinel sentinel) {
        sentinel.end();
        listener.ended(sentinel);
    }

    void onDrainRing(VbdRing ring) {
        ring.drain();
    }

    void onStopRing(VbdRing ring) {
        ring.stop();
    }

    void onKeepRing(VbdRing ring) {
        ring.keep();
    }

    void onRetryRing(VbdRing ring) {
        ring.retry();
    }

    void onAbandonRing(VbdRing ring) {
        ring.abandon();
    }

    void onClose() {
        closing = true;
    }
}
