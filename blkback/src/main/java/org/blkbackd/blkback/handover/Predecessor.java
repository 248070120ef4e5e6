// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.blkbackd.blkback.device.HandOver;
import org.blkbackd.blkback.device.HandOver.Candidate;
import org.blkbackd.blkback.fault.FaultPoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The old process's side of one conversation. However it ends, but by DONE after COMMIT, this process serves all of its
 * devices at the end: what the other gave back was resumed on the way, and what it may still hold is resumed once its
 * process is gone. One thread's.
 */
final class Predecessor {

    private static final Logger LOG = LoggerFactory.getLogger(Predecessor.class);
    private static final long POLL_MS = 20;
    private static final int MOST_REASONS = 1000;
    private static final int TRIES = 3;

    private final HandOver devices;
    private final TakeoverLimits limits;
    private final PeerProcess.Finder processes;
    private final Steps steps;
    private final List<String> reasons = new ArrayList<>();
    private Link link;
    private Custody custody;
    private boolean committed;

    Predecessor(HandOver devices, TakeoverLimits limits, PeerProcess.Finder processes) {
        this.devices = devices;
        this.limits = limits;
        this.processes = processes;
        steps = new Steps(devices, Steps.Place.HERE, limits.release());
    }

    /**
     * How a conversation ended.
     *
     * @param handedOver this process has nothing any more, and is not needed
     * @param pid        of the other process, or 0
     * @param program    the other's version
     * @param reasons    why it was not handed over, as lines for an administrator; empty when the other found none
     */
    record Result(boolean handedOver, long pid, String program, List<String> reasons) {
    }

    /** Answers until the end. Closes the link, unless all is handed over: then the end of it is the caller's word. */
    Result serve(Link connected, Hello ours) {
        link = connected;
        Hello theirs = null;
        PeerProcess process = null;
        boolean handedOver = false;
        try {
            theirs = link.meet(ours);
            process = processes.find(theirs.pid());
            String conflict = Hello.conflict(ours, theirs);
            if (conflict == null) {
                LOG.info("is asked by process {}, version {}, to hand over", theirs.pid(), theirs.program());
                handedOver = converse(theirs);
            } else {
                reasons.add(conflict);
            }
        } catch (LostException e) {
            reasons.add("the new process is lost: " + e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("a fault of blkbackd itself, in a hand-over", e);
            reasons.add(Steps.reason(e));
        }
        if (!handedOver) {
            link.close();
            if (custody != null) {
                takeBack(process);
            }
        }
        return new Result(handedOver, theirs == null ? 0 : theirs.pid(), theirs == null ? "" : theirs.program(),
            List.copyOf(reasons));
    }

    private boolean converse(Hello theirs) throws LostException {
        while (true) {
            Message message = link.receive(limits.silence());
            switch (message.type()) {
                case SURVEY -> survey();
                case RELEASE -> release(message.device());
                case TAKEN -> taken(message.device());
                case GIVE_BACK -> giveBack(message.device());
                case COMMIT -> commit();
                case REASON -> note(message.reason());
                case ABANDON -> {
                    return false;
                }
                case DONE -> {
                    if (committed) {
                        LOG.info("handed everything over to process {}", theirs.pid());
                        return true;
                    }
                    throw new LostException("it says that it is done and has not asked");
                }
                default -> throw new LostException("it says " + message.type() + ", which is ours to say");
            }
        }
    }

    private void note(String reason) {
        if (reasons.size() < MOST_REASONS) {
            reasons.add(reason);
        }
    }

    private void refuse(String reason) throws LostException {
        link.send(Message.because(Message.Type.REFUSED, reason));
    }

    private void survey() throws LostException {
        if (custody != null) {
            throw new LostException("it wants a second survey");
        }
        custody = new Custody(List.of());
        try {
            List<Candidate> found = devices.suspend().get(limits.release().toMillis(), TimeUnit.MILLISECONDS);
            custody = new Custody(found.stream().map(Candidate::device).toList());
            for (Candidate candidate : found) {
                link.send(Message.of(candidate));
            }
            link.send(Message.of(Message.Type.SURVEYED));
        } catch (TimeoutException e) {
            refuse("devices have not come to rest in " + limits.release().toMillis() + " ms");
        } catch (ExecutionException | IllegalArgumentException e) {
            refuse(Steps.reason(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            refuse("interrupted");
        }
    }

    private Custody surveyed() throws LostException {
        if (custody == null) {
            throw new LostException("it wants devices before it has asked for them");
        }
        return custody;
    }

    private void release(String device) throws LostException {
        String refusal = surveyed().refusesRelease(device);
        if (refusal == null) {
            refusal = letGo(device);
        }
        if (refusal == null) {
            link.send(Message.about(Message.Type.RELEASED, device));
        } else {
            LOG.error("{} cannot be handed over: {}", device, refusal);
            refuse(refusal);
        }
    }

    /** Null, or why not; then it is, or will be, served here. */
    private String letGo(String device) {
        try {
            committed = false;
            FaultPoint.HANDOVER_RELEASE.reached();
            Steps.Outcome outcome = steps.release(device);
            if (outcome.place() != Steps.Place.HERE) {
                custody.released(device);
            }
            if (outcome.trouble() == null) {
                FaultPoint.HANDOVER_RELEASED.reached();
            }
            return outcome.trouble();
        } catch (RuntimeException e) {
            resume(device);
            return Steps.reason(e);
        }
    }

    private void taken(String device) throws LostException {
        String refusal = surveyed().refusesTaken(device);
        if (refusal != null) {
            throw new LostException("it says that it took " + device + ": " + refusal);
        }
        custody.taken(device);
    }

    private void giveBack(String device) throws LostException {
        if (surveyed().of(device) == null) {
            throw new LostException("it gives back " + device + ", which it never had");
        }
        committed = false;
        String trouble = resume(device);
        if (trouble == null) {
            link.send(Message.about(Message.Type.RESUMED, device));
        } else {
            refuse(trouble);
        }
    }

    private String resume(String device) {
        Steps.Outcome outcome = steps.resume(device);
        if (outcome.place() == Steps.Place.HERE) {
            custody.resumed(device);
        }
        return outcome.trouble();
    }

    private void commit() throws LostException {
        if (!surveyed().isComplete()) {
            throw new LostException("it has not taken everything");
        }
        try {
            FaultPoint.HANDOVER_COMMITTED.reached();
            committed = true;
        } catch (RuntimeException e) {
            refuse(Steps.reason(e));
            return;
        }
        link.send(Message.of(Message.Type.COMMITTED));
    }

    /** The link is closed. Nothing is resumed while a living process may hold it. */
    private void takeBack(PeerProcess process) {
        boolean touched = custody.isTouched();
        if (!custody.away().isEmpty()) {
            awaitEnd(process);
        }
        for (int i = 1; i <= TRIES && !custody.away().isEmpty(); i++) {
            Map<String, CompletableFuture<Steps.Outcome>> begun = new LinkedHashMap<>();
            custody.away().forEach(device -> begun.put(device, steps.beginResume(device)));
            begun.forEach((device, step) -> {
                Steps.Outcome outcome = steps.await(step);
                if (outcome.place() == Steps.Place.HERE) {
                    custody.resumed(device);
                } else {
                    LOG.error("{} is not served again: {}", device, outcome.trouble());
                }
            });
        }
        if (touched && custody.away().isEmpty()) {
            LOG.warn("the hand-over came to nothing, all devices are served as before{}",
                reasons.isEmpty() ? "" : ": " + reasons.get(0));
        }
        if (!touched) {
            LOG.info("nothing was handed over{}", reasons.isEmpty() ? "" : ": " + String.join("; ", reasons));
        }
        devices.unsuspend();
    }

    /** It has been told by the closed link; when that does not help, it is killed. */
    private void awaitEnd(PeerProcess process) {
        if (isGoneWithin(process, limits.grace())) {
            return;
        }
        LOG.error("the new process does not end by itself and may hold devices: killed");
        process.kill();
        if (!isGoneWithin(process, limits.grace())) {
            LOG.error("the new process cannot be killed; only the locks of the images are between it and us now");
        }
    }

    /** Waits for the end of a process. */
    static boolean isGoneWithin(PeerProcess process, Duration wait) {
        long deadline = System.nanoTime() + wait.toNanos();
        while (!process.isGone()) {
            if (System.nanoTime() - deadline >= 0) {
                return false;
            }
            try {
                Thread.sleep(POLL_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return process.isGone();
            }
        }
        return true;
    }
}
