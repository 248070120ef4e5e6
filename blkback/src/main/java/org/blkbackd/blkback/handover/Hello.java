// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.nio.ByteBuffer;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.Kind;
import org.blkbackd.blkback.wire.RingRecord;
import org.blkbackd.blkback.wire.WireException;
import org.blkbackd.blkback.wire.WireReader;
import org.blkbackd.blkback.wire.WireWriter;

/**
 * The first words of both sides, sent before any is read. The layout never changes, so that any two versions of the
 * program can say why they do not go together: text program, u32 pid, then of rings and of messages each u16 oldest,
 * u16 newest, u16 writes.
 *
 * @param program  version, for messages
 * @param pid      of the process; only root gets here, who is believed
 * @param rings    versions of {@link RingRecord}
 * @param messages versions of {@link Message}
 */
public record Hello(String program, long pid, Formats rings, Formats messages) {

    static final int VERSION = 1;
    private static final int MAX_PROGRAM = 200;

    /**
     * Versions of one format.
     *
     * @param oldest that is read
     * @param newest that is read
     * @param writes the one that is written where the other side does not choose; a release that brings a new version
     *               goes on to write the one before it, so that hand-over works both ways
     */
    public record Formats(int oldest, int newest, int writes) {

        private boolean reads(int version) {
            return oldest <= version && version <= newest;
        }

        private static Formats decode(WireReader in, String of) throws WireException {
            return new Formats(in.u16("oldest version of " + of), in.u16("newest version of " + of),
                in.u16("version of " + of));
        }

        private void encode(WireWriter out) {
            out.u16(oldest).u16(newest).u16(writes);
        }
    }

    /** Of this process. */
    public static Hello ours(String program) {
        return new Hello(program, ProcessHandle.current().pid(), new Formats(1, RingRecord.VERSION, RingRecord.VERSION),
            new Formats(1, Message.VERSION, Message.VERSION));
    }

    byte[] encode() {
        WireWriter out = new WireWriter().text(program).u32(pid);
        rings.encode(out);
        messages.encode(out);
        return Envelope.seal(Kind.HELLO, VERSION, out.body());
    }

    static Hello decode(ByteBuffer bytes) throws WireException {
        WireReader in = Envelope.open(Kind.HELLO, VERSION, bytes).reader();
        Hello hello = new Hello(in.text("program", MAX_PROGRAM), in.u32("pid"), Formats.decode(in, "rings"),
            Formats.decode(in, "messages"));
        in.end();
        return hello;
    }

    /**
     * Why these two cannot do a hand-over, or null. Both sides come to the same answer. The successor's journals must
     * be readable, too: devices may have to go back.
     */
    static String conflict(Hello old, Hello successor) {
        if (!successor.rings.reads(old.rings.writes)) {
            return unreadable("journal", successor, old, old.rings.writes, successor.rings);
        }
        if (!old.rings.reads(successor.rings.writes)) {
            return unreadable("journal", old, successor, successor.rings.writes, old.rings);
        }
        int version = version(old, successor);
        if (!old.messages.reads(version)) {
            return unreadable("hand-over message", old, successor, version, old.messages);
        }
        return successor.messages.reads(version) ? null
            : unreadable("hand-over message", successor, old, version, successor.messages);
    }

    /** The version of messages for both. */
    static int version(Hello one, Hello other) {
        return Math.min(one.messages.newest, other.messages.newest);
    }

    private static String unreadable(String what, Hello reader, Hello writer, int version, Formats reads) {
        return "blkbackd " + reader.program + " reads " + what + "s of version " + reads.oldest + " to " + reads.newest
            + ", and blkbackd " + writer.program + " has version " + version
            + ": go by way of a version between the two, or restart";
    }
}
