// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Steps of several actors on one host, drawn from a seed. The steps are replayed exactly; the daemon's threads run as
 * they like meanwhile, so that a failure may need a few runs to come back.
 */
final class ModelWalk {

    /** One step: who, what, and the details. */
    record Step(String actor, String choice, long dice) {
        @Override
        public String toString() {
            return actor + " " + choice + " " + Long.toHexString(dice);
        }
    }

    /** A walk that ended badly after {@code steps}. */
    record Failure(List<Step> steps, Throwable cause) {
    }

    private static final String SETTLE = "settle";
    private static final int SETTLE_EVERY = 400;
    private static final int PROGRESS_EVERY = 50_000;

    private final Map<String, Actor> actors = new LinkedHashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private final Writer trace;
    private Runnable rules;

    /** @param traceFile where each step is written before it is done, for a fault that ends the process; or null */
    private ModelWalk(Path traceFile) {
        try {
            trace = traceFile == null ? Writer.nullWriter() : Files.newBufferedWriter(traceFile);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Walks {@code count} steps; null when all went well. */
    static Failure random(long seed, long count, Path traceFile) {
        Random random = new Random(seed);
        return new ModelWalk(traceFile).run(walk -> walk.draw(random, count));
    }

    /** Does these steps, as far as they can be done. */
    static Failure replay(List<Step> steps) {
        return new ModelWalk(null).run(walk -> {
            for (Step step : steps) {
                walk.perform(step);
            }
        });
    }

    private interface Course {
        void walk(ModelWalk walk);
    }

    private Failure run(Course course) {
        try (ModelHost host = new ModelHost()) {
            try {
                Leftovers before = new Leftovers(host);
                Path images = Files.createDirectory(host.folder.resolve("images"));
                populate(host, images);
                course.walk(this);
                actors.keySet().forEach(name -> perform(new Step(name, SETTLE, 0)));
                actors.values().forEach(Actor::close);
                check(host);
                before.assertNone(images);
                return null;
            } catch (RuntimeException | AssertionError e) {
                return new Failure(List.copyOf(steps), e);
            } finally {
                trace.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void populate(ModelHost host, Path images) {
        for (int i = 0; i < 3; i++) {
            actors.put("legal" + i, new LegalGuest(host, images, "legal" + i, 2));
        }
        for (int i = 0; i < 2; i++) {
            actors.put("hostile" + i, new HostileGuest(host));
        }
        actors.put("host", new HostFaults(host));
        rules = () -> check(host);
    }

    private static void check(ModelHost host) {
        BrokenRule.require(host.rules.broken() == null, "" + host.rules.broken());
        BrokenRule.require(host.log.first() == null, "the daemon logged a fault of its own: " + host.log.first());
    }

    private void draw(Random random, long count) {
        List<String> names = new ArrayList<>(actors.keySet());
        long start = System.nanoTime();
        for (long i = 1; i <= count; i++) {
            // The host itself is seldom in trouble.
            String name = names.get(random.nextInt(100) == 0 ? names.size() - 1 : random.nextInt(names.size() - 1));
            List<String> choices = actors.get(name).choices();
            String choice = random.nextInt(SETTLE_EVERY) == 0 ? SETTLE : choices.get(random.nextInt(choices.size()));
            perform(new Step(name, choice, random.nextLong()));
            if (i % PROGRESS_EVERY == 0) {
                System.out.println(i + " steps after "
                    + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) + " s");
                steps.clear();
            }
        }
    }

    private void perform(Step step) {
        Actor actor = actors.get(step.actor());
        boolean settle = step.choice().equals(SETTLE);
        if (!settle && !actor.choices().contains(step.choice())) {
            return;
        }
        steps.add(step);
        note(step);
        if (settle) {
            actor.settle();
        } else {
            actor.act(step.choice(), step.dice());
        }
        rules.run();
    }

    private void note(Step step) {
        try {
            trace.write(step + "\n");
            trace.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
