// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import java.nio.ByteBuffer;
import java.util.Locale;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.Kind;
import org.blkbackd.blkback.wire.WireException;
import org.blkbackd.blkback.wire.WireReader;
import org.blkbackd.blkback.wire.WireWriter;

/**
 * What two daemons say to each other about an image, after their {@link PeerHello}s. All have one layout: u8 type, u8
 * flags (1 read-only, 2 running, 4 features), u64 nonce, text image, text domain, text vdev, text reason, and with flag
 * 4 the {@link FeatureWords}; what a type does not use is empty.
 *
 * @param nonce    names one request, and every answer to it
 * @param readOnly the image is only to be read
 * @param running  the guest was connected to it before, at the asking host, and waits for it
 * @param image    its identity
 * @param domain   UUID of the guest, or empty
 * @param vdev     what the guest calls the disk
 * @param reason   one line for an administrator
 * @param features what is offered (RELEASE), needed (QUERY) or was left (RELEASED); else null
 */
public record PeerMessage(Type type, boolean readOnly, boolean running, long nonce, String image, String domain,
                          String vdev, String reason, FeatureState features) {

    /** Newest version that is read, and the one that is written where the peer reads it. */
    public static final int VERSION = 1;
    /** Bytes of the largest message there can be, with its envelope. */
    public static final int MAX_BYTES = 32 << 10;

    private static final int MAX_IMAGE = 3000;
    private static final int MAX_DOMAIN = 100;
    private static final int MAX_REASON = 3000;
    private static final int FLAG_READ_ONLY = 1;
    private static final int FLAG_RUNNING = 2;
    private static final int FLAG_FEATURES = 4;
    private static final int FIRST_CODE = 2;

    /** Codes are for ever, from 2 in this order; 1 is {@link PeerHello}. */
    public enum Type {
        /** May I open it? */
        RELEASE,
        /** It was open here for a guest that is suspended, and is closed now. */
        RELEASED,
        /** It is open here, or soon will be, or may not be asked about. */
        BUSY,
        /** It is not open here. */
        UNKNOWN,
        /** I open it. */
        CONFIRM,
        /** I do not open it. */
        ABORT,
        /** What would become of a RELEASE? */
        QUERY;

        private static Type of(int code) throws WireException {
            if (code < FIRST_CODE || code - FIRST_CODE >= values().length) {
                throw new WireException("is a message of type " + code + ", which there is not");
            }
            return values()[code - FIRST_CODE];
        }

        private boolean hasFeatures() {
            return this == RELEASE || this == RELEASED || this == QUERY;
        }

        private boolean isOfImage() {
            return this == RELEASE || this == QUERY || this == CONFIRM || this == ABORT;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** RELEASE or QUERY. */
    public static PeerMessage ask(Type type, long nonce, Want want) {
        return new PeerMessage(type, want.features().readOnly(), want.running(), nonce, want.image(), want.domain(),
            want.vdev(), "", want.features());
    }

    /** CONFIRM or ABORT. */
    static PeerMessage about(Type type, long nonce, String image) {
        return new PeerMessage(type, false, false, nonce, image, "", "", "", null);
    }

    static PeerMessage unknown(long nonce) {
        return new PeerMessage(Type.UNKNOWN, false, false, nonce, "", "", "", "", null);
    }

    public static PeerMessage busy(long nonce, String reason) {
        return new PeerMessage(Type.BUSY, false, false, nonce, "", "", "", FeatureWords.line(reason), null);
    }

    static PeerMessage released(long nonce, FeatureState left) {
        return new PeerMessage(Type.RELEASED, false, false, nonce, "", "", "", "", FeatureWords.clean(left));
    }

    /** Whether this is the answer to a request. */
    public boolean isAnswer() {
        return type == Type.RELEASED || type == Type.BUSY || type == Type.UNKNOWN;
    }

    public byte[] encode(int version) {
        int flags = (readOnly ? FLAG_READ_ONLY : 0) | (running ? FLAG_RUNNING : 0)
            | (features == null ? 0 : FLAG_FEATURES);
        WireWriter out = new WireWriter().u8(type.ordinal() + FIRST_CODE).u8(flags).u64(nonce).text(image)
            .text(domain).text(vdev).text(reason);
        if (features != null) {
            FeatureWords.encode(features, out);
        }
        return Envelope.seal(Kind.MIGRATION, version, out.body());
    }

    /** @param version of the connection: no other is read */
    public static PeerMessage decode(int version, ByteBuffer bytes) throws WireException {
        WireReader in = Envelope.open(Kind.MIGRATION, version, bytes).reader();
        Type type = Type.of(in.u8("type"));
        int flags = (int) WireReader.number("flags", in.u8("flags"), 0,
            FLAG_READ_ONLY | FLAG_RUNNING | FLAG_FEATURES);
        boolean hasFeatures = (flags & FLAG_FEATURES) != 0;
        long nonce = in.u64("nonce");
        PeerMessage message = new PeerMessage(type, (flags & FLAG_READ_ONLY) != 0, (flags & FLAG_RUNNING) != 0, nonce,
            in.text("image", MAX_IMAGE), in.text("domain", MAX_DOMAIN), in.text("vdev", MAX_DOMAIN),
            in.text("reason", MAX_REASON), hasFeatures ? FeatureWords.decode(in) : null);
        in.end();
        if (hasFeatures != type.hasFeatures()) {
            throw new WireException("is a " + type + (hasFeatures ? " with" : " without") + " features");
        }
        if (type.isOfImage() == message.image.isEmpty()) {
            throw new WireException("is a " + type + (message.image.isEmpty() ? " of no image" : " of an image"));
        }
        return message;
    }
}
