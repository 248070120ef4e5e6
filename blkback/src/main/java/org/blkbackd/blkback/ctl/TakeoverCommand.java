// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl takeover [--check]}. */
@Command(name = "takeover", description = "Have the daemon hand everything over to a new one, as after an upgrade.",
    mixinStandardHelpOptions = true)
final class TakeoverCommand implements Callable<Integer> {

    private static final long PATIENCE_MS = TimeUnit.MINUTES.toMillis(11);
    private static final long SUCCESSOR_MS = TimeUnit.SECONDS.toMillis(30);
    private static final long POLL_MS = 50;

    @ParentCommand
    private Blkbackctl ctl;

    @Option(names = "--check", description = "Only say what would be in the way.")
    private boolean check;

    @Override
    public Integer call() throws Exception {
        if (check) {
            return check();
        }
        Long before = version().pid();
        String word = null;
        try {
            word = ctl.client(PATIENCE_MS).ask(ControlRequest.of(ControlRequest.TAKEOVER)).line();
        } catch (IOException e) {
            // It may have gone before its answer was out: whoever serves now says which.
            if (!isAnother(before)) {
                throw e;
            }
        }
        ControlReply successor = await(before);
        if (!ctl.json()) {
            ctl.say("process " + successor.pid() + " (blkbackd " + successor.daemon() + ") serves in the place of"
                + " process " + before);
        } else if (word != null) {
            ctl.say(word);
        }
        return Blkbackctl.OK;
    }

    private int check() throws IOException, ControlException {
        ControlClient.Answer answer = ctl.client(PATIENCE_MS).ask(ControlRequest.of(ControlRequest.TAKEOVER_CHECK));
        if (ctl.json()) {
            ctl.say(answer.line());
        } else if (answer.reply().lines().isEmpty()) {
            ctl.say("nothing is in the way");
        } else {
            answer.reply().lines().forEach(ctl::say);
        }
        return answer.reply().lines().isEmpty() ? Blkbackctl.OK : Blkbackctl.FAILED;
    }

    private ControlReply version() throws IOException, ControlException {
        return ctl.client(SUCCESSOR_MS).ask(ControlRequest.of(ControlRequest.VERSION)).reply();
    }

    private boolean isAnother(Long before) throws ControlException, InterruptedException {
        try {
            return await(before) != null;
        } catch (IOException e) {
            return false;
        }
    }

    /** The successor opens the control socket once the old daemon has closed it. */
    private ControlReply await(Long before) throws IOException, ControlException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SUCCESSOR_MS);
        while (true) {
            IOException failure = new IOException("the successor does not answer");
            try {
                ControlReply answer = version();
                if (answer.pid() != null && !answer.pid().equals(before)) {
                    return answer;
                }
            } catch (IOException e) {
                failure = e;
            }
            if (System.nanoTime() - deadline > 0) {
                throw failure;
            }
            Thread.sleep(POLL_MS);
        }
    }
}
