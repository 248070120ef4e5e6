// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import io.netty.channel.EventLoopGroup;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.migration.Peer;
import org.blkbackd.blkback.migration.PeerMessage;

/** Questions of an administrator that wait for a peer's answer. Belongs to the loop. */
final class PeerQuestions {

    private record Open(Peer peer, CompletableFuture<String> answer) {
    }

    private final EventLoopGroup loop;
    private final long patienceMs;
    private final Map<Long, Open> open = new HashMap<>();

    PeerQuestions(EventLoopGroup loop, long patienceMs) {
        this.loop = loop;
        this.patienceMs = patienceMs;
    }

    /** The answer to come: what is in the way, or nothing. */
    CompletableFuture<String> ask(Peer peer, long nonce) {
        Open question = new Open(peer, new CompletableFuture<>());
        open.put(nonce, question);
        loop.schedule(() -> {
            open.remove(nonce, question);
            question.answer.complete(peer + " has not answered in " + patienceMs + " ms");
        }, patienceMs, TimeUnit.MILLISECONDS);
        return question.answer;
    }

    /** Whether this was the answer to a question. */
    boolean answered(PeerMessage message) {
        Open question = open.remove(message.nonce());
        if (question == null) {
            return false;
        }
        question.answer.complete(message.type() == PeerMessage.Type.BUSY
            ? question.peer.name() + " says: " + message.reason() : "");
        return true;
    }

    /** Nothing can be asked of a peer now. */
    void unanswered(Peer peer, String why) {
        open.values().removeIf(question -> question.peer.equals(peer)
            && question.answer.complete(peer + " does not answer: " + why));
    }
}
