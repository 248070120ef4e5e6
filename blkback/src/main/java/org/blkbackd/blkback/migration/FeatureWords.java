// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.wire.WireException;
import org.blkbackd.blkback.wire.WireReader;
import org.blkbackd.blkback.wire.WireWriter;

/**
 * How a {@link FeatureState} goes over the wire: u8 ring page order, u16 queues, u16 indirect segments, u16 sector
 * size, u64 sectors (all ones: not known), u8 read-only, text policy, u8 n and n texts of what is held.
 */
final class FeatureWords {

    private static final int MAX_ORDER = 16;
    private static final int MAX_QUEUES = 1024;
    private static final int MAX_POLICY = 300;
    private static final int MAX_HELD = 16;
    private static final int MAX_LINE = 1500;
    private static final int MAX_CHARS = 500;
    private static final int MAX_POLICY_CHARS = 100;

    private FeatureWords() {
    }

    static void encode(FeatureState state, WireWriter out) {
        FeatureState sent = clean(state);
        out.u8(sent.ringPageOrder()).u16(sent.queues()).u16(sent.indirectSegments()).u16(sent.sectorSize())
            .u64(sent.sectors()).flag(sent.readOnly()).text(sent.policy()).u8(sent.held().size());
        sent.held().forEach(out::text);
    }

    static FeatureState decode(WireReader in) throws WireException {
        int order = (int) WireReader.number("ring page order", in.u8("ring page order"), 0, MAX_ORDER);
        int queues = (int) WireReader.number("queues", in.u16("queues"), 0, MAX_QUEUES);
        int segments = in.u16("indirect segments");
        int sectorSize = in.u16("sector size");
        long sectors = WireReader.number("sectors", in.u64("sectors"), -1, Long.MAX_VALUE);
        boolean readOnly = in.flag("read-only");
        String policy = in.text("policy", MAX_POLICY);
        int count = (int) WireReader.number("what is held", in.u8("what is held"), 0, MAX_HELD);
        List<String> held = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            held.add(in.text("what is held", MAX_LINE));
        }
        return new FeatureState(order, queues, segments, sectorSize, sectors, readOnly, policy, held);
    }

    /** The same with texts that fit. */
    static FeatureState clean(FeatureState state) {
        return new FeatureState(state.ringPageOrder(), state.queues(), state.indirectSegments(), state.sectorSize(),
            state.sectors(), state.readOnly(), text(state.policy(), MAX_POLICY_CHARS),
            state.held().stream().limit(MAX_HELD).map(FeatureWords::line).toList());
    }

    /** One line that fits. */
    static String line(String text) {
        return text(text, MAX_CHARS);
    }

    private static String text(String text, int most) {
        String line = text.replaceAll("\\p{Cntrl}", " ").replaceAll("[\\ud800-\\udfff]", "?");
        return line.substring(0, Math.min(line.length(), most));
    }
}
