// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.regex.Pattern;
import org.blkbackd.blkback.device.HandOver.Candidate;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.Kind;
import org.blkbackd.blkback.wire.WireException;
import org.blkbackd.blkback.wire.WireReader;
import org.blkbackd.blkback.wire.WireWriter;

/**
 * What the two say to each other after their {@link Hello}s. All have one layout: u8 type, u8 flags (1 read-only), text
 * device, text target, text reason; what a type does not use is empty.
 *
 * @param device as {@code vbd-3-51712}, or empty
 * @param target of a candidate
 * @param reason for an administrator: why not; of a candidate, what blocks it
 */
record Message(Type type, boolean readOnly, String device, String target, String reason) {

    static final int VERSION = 1;

    private static final Pattern DEVICE = Pattern.compile("[a-z][a-z0-9_]{0,15}-[0-9]{1,5}-[0-9]{1,10}");
    private static final int MAX_DEVICE = 40;
    private static final int MAX_TARGET = 3 * 4096;
    private static final int MAX_REASON = 3 * 2000;
    private static final int MAX_REASON_CHARS = 2000;

    /** Codes are for ever. N is the new process, O the old one. */
    enum Type {
        /** N: stand still and say what is served. */
        SURVEY(1),
        /** O: one device. */
        CANDIDATE(2),
        /** O: that were all. */
        SURVEYED(3),
        /** N: let go of a device. */
        RELEASE(4),
        /** O: it is let go of. */
        RELEASED(5),
        /** O: what was asked is not done, and why. */
        REFUSED(6),
        /** N: serves a device. */
        TAKEN(7),
        /** N: holds a device no more, or never got to hold it. */
        GIVE_BACK(8),
        /** O: serves it again. */
        RESUMED(9),
        /** N: has everything. */
        COMMIT(10),
        /** O: is not needed any more. */
        COMMITTED(11),
        /** N: does not give anything back from now on; end. */
        DONE(12),
        /** N: one line of why it gives up. */
        REASON(13),
        /** N: gives up; or, when nothing was to be taken, has seen enough. */
        ABANDON(14);

        private final int code;

        Type(int code) {
            this.code = code;
        }

        private static Type of(int code) throws WireException {
            for (Type type : values()) {
                if (type.code == code) {
                    return type;
                }
            }
            throw new WireException("is a message of type " + code + ", which there is not");
        }

        private boolean isOfDevice() {
            return switch (this) {
                case CANDIDATE, RELEASE, RELEASED, TAKEN, GIVE_BACK, RESUMED -> true;
                default -> false;
            };
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    static Message of(Type type) {
        return about(type, "");
    }

    static Message about(Type type, String device) {
        return new Message(type, false, device, "", "");
    }

    static Message because(Type type, String reason) {
        String line = reason.replace('\n', ' ').replaceAll("[\\ud800-\\udfff]", "?");
        return new Message(type, false, "", "", line.substring(0, Math.min(line.length(), MAX_REASON_CHARS)));
    }

    static Message of(Candidate candidate) {
        String blocker = candidate.blocker() == null ? "" : because(Type.REASON, candidate.blocker()).reason;
        return new Message(Type.CANDIDATE, candidate.readOnly(), candidate.device(), candidate.target(), blocker);
    }

    Candidate candidate() {
        return new Candidate(device, target, readOnly, reason.isEmpty() ? null : reason);
    }

    byte[] encode(int version) {
        return Envelope.seal(Kind.TAKEOVER, version, new WireWriter().u8(type.code).flag(readOnly).text(device)
            .text(target).text(reason).body());
    }

    static Message decode(int version, ByteBuffer bytes) throws WireException {
        WireReader in = Envelope.open(Kind.TAKEOVER, version, bytes).reader();
        Message message = new Message(Type.of(in.u8("type")), in.flag("flags"), in.text("device", MAX_DEVICE),
            in.text("target", MAX_TARGET), in.text("reason", MAX_REASON));
        in.end();
        if (message.type.isOfDevice() ? !DEVICE.matcher(message.device).matches() : !message.device.isEmpty()) {
            throw new WireException(message.type + " is about no device that there can be");
        }
        return message;
    }
}
