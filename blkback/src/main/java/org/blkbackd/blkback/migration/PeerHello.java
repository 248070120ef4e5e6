// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import java.nio.ByteBuffer;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.Kind;
import org.blkbackd.blkback.wire.WireException;
import org.blkbackd.blkback.wire.WireReader;
import org.blkbackd.blkback.wire.WireWriter;

/**
 * The first words of two hosts' daemons, sent before any is read. The layout never changes, so that any two versions
 * can say why they do not go together: envelope version 1, u8 1, u16 oldest and u16 newest version of {@link
 * PeerMessage}s that is read, text host, text program.
 *
 * @param host    name of the host that speaks
 * @param program its version, for messages
 */
public record PeerHello(int oldest, int newest, String host, String program) {

    private static final int VERSION = 1;
    private static final int CODE = 1;
    private static final int MAX_HOST = 255;
    private static final int MAX_PROGRAM = 200;

    /** Of this daemon. */
    public static PeerHello ours(String host, String program) {
        return new PeerHello(1, PeerMessage.VERSION, host, program);
    }

    /** A whole envelope. */
    public byte[] encode() {
        return Envelope.seal(Kind.MIGRATION, VERSION,
            new WireWriter().u8(CODE).u16(oldest).u16(newest).text(host).text(program).body());
    }

    /** Reads the envelope at the position of {@code bytes}. */
    public static PeerHello decode(ByteBuffer bytes) throws WireException {
        WireReader in = Envelope.open(Kind.MIGRATION, VERSION, bytes).reader();
        if (in.u8("type") != CODE) {
            throw new WireException("are no greeting");
        }
        PeerHello hello = new PeerHello(in.u16("oldest version"), in.u16("newest version"), in.text("host", MAX_HOST),
            in.text("program", MAX_PROGRAM));
        in.end();
        return hello;
    }

    /** The version of messages for both. */
    public int versionWith(PeerHello other) {
        return Math.min(newest, other.newest);
    }

    /** Why the two have no version in common, or null. */
    public String conflictWith(PeerHello other) {
        int version = versionWith(other);
        if (version >= oldest && version >= other.oldest) {
            return null;
        }
        return "blkbackd " + program + " on " + host + " reads messages of version " + oldest + " to " + newest
            + ", and blkbackd " + other.program + " on " + other.host + " of " + other.oldest + " to " + other.newest
            + ": upgrade the older one";
    }
}
