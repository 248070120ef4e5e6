// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.concurrent.Callable;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import org.blkbackd.blkback.control.PeerView;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code blkbackctl peers [--fenced NAME | --unfenced NAME]}. */
@Command(name = "peers", description = "The other hosts that images are shared with.",
    mixinStandardHelpOptions = true)
final class PeersCommand implements Callable<Integer> {

    @ParentCommand
    private Blkbackctl ctl;

    @ArgGroup
    private Word word;

    /** One of them. */
    static final class Word {

        @Option(names = "--fenced", paramLabel = "NAME",
            description = "That host is off, or cut off from the storage: do not wait for it, until it is heard again.")
        private String fenced;

        @Option(names = "--unfenced", paramLabel = "NAME", description = "Take that back.")
        private String unfenced;
    }

    @Override
    public Integer call() throws Exception {
        ControlReply reply = ctl.ask(request());
        if (!ctl.json()) {
            show(reply);
        }
        return Blkbackctl.OK;
    }

    private ControlRequest request() {
        if (word == null) {
            return ControlRequest.of(ControlRequest.PEERS);
        }
        return word.fenced != null ? ControlRequest.ofPeer(ControlRequest.FENCE, null, word.fenced)
            : ControlRequest.ofPeer(ControlRequest.UNFENCE, null, word.unfenced);
    }

    private void show(ControlReply reply) {
        if (reply.peers().isEmpty()) {
            ctl.say("this host has no peers");
            return;
        }
        Table table = new Table("PEER", "ADDRESS", "STATE", "HEARD>", "VERSION", "IMAGES", "PROBLEM");
        for (PeerView peer : reply.peers()) {
            table.row(peer.name(), peer.address(), peer.state(), peer.heard() == null ? null : peer.heard() + " s ago",
                peer.daemon(), String.join(" ", peer.images()), peer.problem());
        }
        table.lines().forEach(ctl::say);
    }
}
