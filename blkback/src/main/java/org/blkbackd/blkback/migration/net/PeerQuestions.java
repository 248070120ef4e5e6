// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import io.netty.channel.EventLoopGroup;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.migration.Peer;
import org.blkbackd.blkback.migration.PeerMessage;

/** Questions that wait for a peer's answer, and change nothing. Belongs to the loop. */
final class PeerQuestions {

    /**
     * What came of one.
     *
     * @param problem what is in the way, one line; empty when nothing is
     * @param forGood the two hosts will never speak, as they are configured
     */
    record Answer(String problem, boolean forGood) {
    }

    private record Open(Peer peer, CompletableFuture<Answer> answer) {
    }

    private final EventLoopGroup loop;
    private final long patienceMs;
    private final Map<Long, Open> open = new HashMap<>();

    PeerQuestions(EventLoopGroup loop, long patienceMs) {
        this.loop = loop;
        this.patienceMs = patienceMs;
    }

    /** The answer to come. */
    CompletableFuture<Answer> ask(Peer peer, long nonce) {
        Open question = new Open(peer, new CompletableFuture<>());
        open.put(nonce, question);
        loop.schedule(() -> {
            open.remove(nonce, question);
            question.answer.complete(new Answer(peer + " has not answered in " + patienceMs + " ms", false));
        }, patienceMs, TimeUnit.MILLISECONDS);
        return question.answer;
    }

    /** Whether this was the answer to a question. */
    boolean answered(PeerMessage message) {
        Open question = open.remove(message.nonce());
        if (question == null) {
            return false;
        }
        question.answer.complete(new Answer(message.type() == PeerMessage.Type.BUSY
            ? question.peer.name() + " says: " + message.reason() : "", false));
        return true;
    }

    /** Nothing can be asked of a peer now. */
    void unanswered(Peer peer, String why, boolean forGood) {
        open.values().removeIf(question -> question.peer.equals(peer)
            && question.answer.complete(new Answer(peer + " does not answer: " + why, forGood)));
    }
}
