// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import static org.junit.jupiter.api.Assertions.fail;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.model.ModelWalk.Failure;
import org.blkbackd.blkback.model.ModelWalk.Step;
import org.junit.jupiter.api.Test;

/**
 * The whole service under three guests that keep the rules, two that do not, a careless administrator and a xenstored
 * in trouble. The long run: {@code mvn -pl blkback test -Dtest=WholeServiceModelTest -Dmodel.steps=1000000}.
 */
class WholeServiceModelTest {

    private static final long SEED = Long.getLong("model.seed", 20_240_601);
    private static final long STEPS = Long.getLong("model.steps", 2_000);
    private static final int SHOWN = 60;
    private static final long SHRINK_S = Long.getLong("model.shrink.seconds", 60);

    @Test
    void keepsItsPromisesWhateverTheOthersDo() throws Exception {
        System.out.println("seed " + SEED + ", " + STEPS + " steps");
        Path trace = Files.createDirectories(Path.of("target")).resolve("model-" + SEED + ".trace");
        Failure failure = ModelWalk.random(SEED, STEPS, trace);
        if (failure != null) {
            Failure least = shrunk(failure);
            List<String> steps = least.steps().stream().map(Step::toString).toList();
            String last = String.join("\n  ", steps.subList(Math.max(0, steps.size() - SHOWN), steps.size()));
            fail("after " + failure.steps().size() + " steps: " + failure.cause()
                + "\nagain: -Dmodel.seed=" + SEED + " -Dmodel.steps=" + STEPS + "; all steps: "
                + trace.toAbsolutePath() + "\nshortest found, " + steps.size() + " steps, " + least.cause()
                + ", at the end:\n  " + last, failure.cause());
        }
    }

    /** Leaves out actors, then pieces of the walk, as long as what is left fails, too, and time allows. */
    private static Failure shrunk(Failure failure) {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SHRINK_S);
        Failure least = failure;
        for (String actor : failure.steps().stream().map(Step::actor).distinct().toList()) {
            least = smaller(least, least.steps().stream().filter(step -> !step.actor().equals(actor)).toList(),
                deadlineNs);
        }
        for (int piece = least.steps().size() / 2; piece > 0; piece /= 2) {
            for (int from = 0; from < least.steps().size(); from += piece) {
                List<Step> fewer = new ArrayList<>(least.steps());
                fewer.subList(from, Math.min(from + piece, fewer.size())).clear();
                Failure next = smaller(least, fewer, deadlineNs);
                if (next != least) {
                    from -= piece;
                    least = next;
                }
            }
        }
        return least;
    }

    private static Failure smaller(Failure least, List<Step> fewer, long deadlineNs) {
        if (fewer.size() == least.steps().size() || System.nanoTime() > deadlineNs) {
            return least;
        }
        Failure failure = ModelWalk.replay(fewer);
        return failure == null || failure.steps().size() >= least.steps().size() ? least : failure;
    }
}
