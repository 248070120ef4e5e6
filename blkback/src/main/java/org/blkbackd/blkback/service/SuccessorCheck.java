// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.blkbackd.blkback.device.HandOver.Candidate;
import org.blkbackd.blkback.handover.Examiner;
import org.blkbackd.blkback.journal.JournalException;
import org.blkbackd.blkback.journal.JournalFolder;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Disks;

/** What a new process looks at before it takes anything: kinds, images, journals, descriptors, memory. */
final class SuccessorCheck implements Examiner {

    private static final int THREADS = 16;
    private static final long PATIENCE_S = 20;
    /** Image, its engine, journal and ring, with room for several queues. */
    private static final int DESCRIPTORS = 16;
    /** Buffers, and what Java needs for a disk. */
    private static final long KIB = 512;

    private final List<String> kinds;
    private final Disks disks;
    private final JournalFolder journals;

    SuccessorCheck(List<String> kinds, Disks disks, JournalFolder journals) {
        this.kinds = kinds;
        this.disks = disks;
        this.journals = journals;
    }

    @Override
    public List<String> examine(List<Candidate> candidates) {
        List<String> lines = new ArrayList<>();
        enough("open files", candidates.size() * (long) DESCRIPTORS, descriptorsLeft(), "LimitNOFILE", lines);
        enough("KiB of memory", candidates.size() * KIB, memoryLeft(), "the memory of this host", lines);
        ExecutorService pool = Executors.newFixedThreadPool(THREADS, work -> {
            Thread thread = new Thread(work, "blkbackd-check");
            thread.setDaemon(true);
            return thread;
        });
        List<Future<String>> answers = candidates.stream().filter(candidate -> candidate.blocker() == null)
            .map(candidate -> pool.submit(() -> obstacle(candidate))).toList();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        List<Candidate> asked = candidates.stream().filter(candidate -> candidate.blocker() == null).toList();
        for (int i = 0; i < asked.size(); i++) {
            String why = await(answers.get(i), deadline);
            if (why != null) {
                lines.add(asked.get(i).device() + ": " + why);
            }
        }
        pool.shutdownNow();
        return lines;
    }

    private static String await(Future<String> answer, long deadline) {
        try {
            return answer.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return "its storage has not answered in " + PATIENCE_S + " s";
        } catch (ExecutionException e) {
            return e.getCause().getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    /** Runs in the pool; an exception's message is an obstacle, too. */
    private String obstacle(Candidate candidate) throws JournalException {
        String kind = candidate.device().substring(0, candidate.device().indexOf('-'));
        if (!kinds.contains(kind)) {
            return "the new process is to serve " + String.join(", ", kinds) + ", not " + kind + " (see kinds in the"
                + " settings)";
        }
        disks.check(DiskSpec.parse(candidate.target()), candidate.readOnly());
        journals.open(candidate.device(), 0);
        return null;
    }

    private static void enough(String what, long needed, long left, String limit, List<String> lines) {
        if (left >= 0 && left < needed) {
            lines.add("needs " + needed + " " + what + " and has " + left + "; raise " + limit);
        }
    }

    /** Negative when it is not known. */
    private static long descriptorsLeft() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            long limit = number(Path.of("/proc/self/limits"), "Max open files");
            return limit < 0 ? -1 : limit - open.count();
        } catch (IOException e) {
            return -1;
        }
    }

    private static long memoryLeft() {
        try {
            return number(Path.of("/proc/meminfo"), "MemAvailable:");
        } catch (IOException e) {
            return -1;
        }
    }

    /** The first number behind a word at the beginning of a line of a file of proc(5); -1 where there is none. */
    private static long number(Path file, String word) throws IOException {
        for (String line : Files.readAllLines(file)) {
            String rest = line.startsWith(word) ? line.substring(word.length()).trim().split(" ")[0] : "";
            if (rest.matches("[0-9]{1,18}")) {
                return Long.parseLong(rest);
            }
        }
        return -1;
    }
}
