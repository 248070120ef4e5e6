// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/** The other hosts that are asked about images: refuse or are slow when they are told to, and note what they hear. */
final class OtherHost implements Claims {

    volatile String refusal;
    /** Answers come only when this is open. */
    volatile CountDownLatch awake = new CountDownLatch(0);
    final List<String> heard = new CopyOnWriteArrayList<>();
    volatile Claim last;

    @Override
    public void check(String target, String name, Consumer<String> then) {
        then.accept("");
    }

    @Override
    public void claim(Claim wanted, Consumer<ClaimResult> then) {
        last = wanted;
        String reason = refusal;
        heard.add(reason == null ? "granted" : "refused");
        // from a thread of its own, as a connection's answers come
        CountDownLatch answering = awake;
        new Thread(() -> {
            try {
                answering.await();
            } catch (InterruptedException e) {
                return;
            }
            then.accept(reason == null ? ClaimResult.GRANTED : ClaimResult.refused(reason));
        }).start();
    }

    @Override
    public void opened(Claim claim) {
        last = claim;
        heard.add("opened");
    }

    @Override
    public void released(Claim claim) {
        last = claim;
        heard.add("released");
    }

    @Override
    public void parked(Claim left) {
        last = left;
        heard.add("parked");
    }
}
