// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.blkbackd.blkback.device.HandOver;
import org.blkbackd.blkback.device.HandOver.Candidate;
import org.blkbackd.blkback.fault.FaultPoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The new process's side of one conversation. At its end this process either has every device, or none that the old one
 * does not get back at the latest when this process ends, which it then must. One thread's.
 */
final class Successor {

    private static final Logger LOG = LoggerFactory.getLogger(Successor.class);
    private static final int MOST_CANDIDATES = 100_000;

    private final Examiner examiner;
    private final TakeoverLimits limits;
    private final PeerProcess.Finder processes;
    private final Steps steps;
    private final Runnable becoming;
    /** Devices that the old process was asked to release, the last one first. */
    private final Deque<String> asked = new ArrayDeque<>();
    private final List<String> reasons = new ArrayList<>();
    private Link link;

    /** @param becoming done when nothing can go back any more, and before the old process ends */
    Successor(HandOver devices, Examiner examiner, TakeoverLimits limits, PeerProcess.Finder processes,
        Runnable becoming) {
        this.examiner = examiner;
        this.limits = limits;
        this.processes = processes;
        this.becoming = becoming;
        steps = new Steps(devices, Steps.Place.AWAY, limits.step());
    }

    /** The old process goes on, or has to; the message says why. */
    private static final class StepFailure extends Exception {

        private static final long serialVersionUID = 1L;

        StepFailure(String reason) {
            super(reason);
        }
    }

    /**
     * Takes over, or finds out why not.
     *
     * @param checkOnly only finds out
     */
    Takeover.Outcome run(Link connected, Hello ours, boolean checkOnly) {
        link = connected;
        PeerProcess process = null;
        try {
            Hello theirs = link.meet(ours);
            process = processes.find(theirs.pid());
            String conflict = Hello.conflict(theirs, ours);
            if (conflict != null) {
                reasons.add(conflict);
                return ended(Takeover.End.GIVEN_UP);
            }
            List<Candidate> candidates = survey();
            if (checkOnly) {
                giveUp();
                return ended(Takeover.End.CHECKED);
            }
            takeAll(candidates);
            return finish(process);
        } catch (StepFailure e) {
            reasons.add(0, e.getMessage());
            return unwind(process);
        } catch (LostException e) {
            return lost(process, e);
        } catch (RuntimeException e) {
            reasons.add(Steps.reason(e));
            return unwind(process);
        }
    }

    private Takeover.Outcome ended(Takeover.End end) {
        return new Takeover.Outcome(end, List.copyOf(reasons));
    }

    /** Everything that could fail is looked at while the old process still has everything. */
    private List<Candidate> survey() throws LostException {
        link.send(Message.of(Message.Type.SURVEY));
        List<Candidate> candidates = new ArrayList<>();
        Message message = link.receive(limits.step());
        while (message.type() == Message.Type.CANDIDATE && candidates.size() < MOST_CANDIDATES) {
            candidates.add(message.candidate());
            message = link.receive(limits.step());
        }
        Set<String> names = candidates.stream().map(Candidate::device).collect(Collectors.toSet());
        if (message.type() == Message.Type.REFUSED) {
            reasons.add(message.reason());
        } else if (message.type() != Message.Type.SURVEYED || names.size() != candidates.size()) {
            throw new LostException("its list of devices is not one");
        }
        for (Candidate candidate : candidates) {
            if (candidate.blocker() != null) {
                reasons.add(candidate.device() + ": " + candidate.blocker());
            }
        }
        reasons.addAll(examiner.examine(candidates));
        return candidates;
    }

    private void takeAll(List<Candidate> candidates) throws StepFailure, LostException {
        if (!reasons.isEmpty()) {
            throw new StepFailure("nothing was handed over, because of " + reasons.size()
                + (reasons.size() == 1 ? " obstacle" : " obstacles"));
        }
        LOG.info("takes over {} devices", candidates.size());
        for (Candidate candidate : candidates) {
            String device = candidate.device();
            asked.addFirst(device);
            ask(Message.about(Message.Type.RELEASE, device), Message.Type.RELEASED);
            take(device);
            link.send(Message.about(Message.Type.TAKEN, device));
        }
        FaultPoint.HANDOVER_ALL_TAKEN.reached();
    }

    private void ask(Message question, Message.Type expected) throws StepFailure, LostException {
        link.send(question);
        Message answer = link.receive(limits.step());
        if (answer.type() == Message.Type.REFUSED) {
            String about = question.device().isEmpty() ? "" : question.device() + ": ";
            throw new StepFailure(about + "the old process says: " + answer.reason());
        }
        if (answer.type() != expected || !answer.device().equals(question.device())) {
            throw new LostException("it answers " + answer.type() + " to " + question.type());
        }
    }

    private void take(String device) throws StepFailure {
        try {
            FaultPoint.HANDOVER_TAKE.reached();
            String trouble = steps.resume(device).trouble();
            if (trouble != null) {
                throw new StepFailure(device + ": cannot be taken up: " + trouble);
            }
            FaultPoint.HANDOVER_TAKEN.reached();
        } catch (RuntimeException e) {
            throw new StepFailure(device + ": " + Steps.reason(e));
        }
    }

    private Takeover.Outcome finish(PeerProcess process) throws StepFailure, LostException {
        ask(Message.of(Message.Type.COMMIT), Message.Type.COMMITTED);
        becoming.run();
        link.send(Message.of(Message.Type.DONE));
        if (!link.awaitEnd(limits.grace())) {
            LOG.warn("the old process has handed everything over and does not end: killed");
            process.kill();
        }
        return ended(Takeover.End.TAKEN_OVER);
    }

    private void giveUp() throws LostException {
        for (String reason : reasons) {
            link.send(Message.because(Message.Type.REASON, reason));
        }
        link.send(Message.of(Message.Type.ABANDON));
    }

    /** Gives everything back, the last first. What cannot be let go of ends with this process. */
    private Takeover.Outcome unwind(PeerProcess process) {
        try {
            for (String device : asked) {
                Steps.Outcome outcome = steps.release(device);
                if (outcome.place() == Steps.Place.AWAY) {
                    giveBack(device);
                } else {
                    reasons.add(device + ": is let go of when this process ends: " + outcome.trouble());
                }
            }
            giveUp();
            return ended(Takeover.End.GIVEN_UP);
        } catch (LostException e) {
            return lost(process, e);
        }
    }

    private void giveBack(String device) throws LostException {
        try {
            ask(Message.about(Message.Type.GIVE_BACK, device), Message.Type.RESUMED);
        } catch (StepFailure e) {
            reasons.add(e.getMessage());
        }
    }

    /** A dead process serves nobody: then this one goes on. One that only hangs, or has given us up, still may. */
    private Takeover.Outcome lost(PeerProcess process, LostException e) {
        reasons.add("the old process is lost: " + e.getMessage());
        if (process != null && Predecessor.isGoneWithin(process, limits.dying())) {
            LOG.error("the old process died in the hand-over; its devices are recovered");
            return ended(Takeover.End.PREDECESSOR_DIED);
        }
        link.close();
        for (String device : asked) {
            steps.release(device);
        }
        return ended(Takeover.End.GIVEN_UP);
    }
}
