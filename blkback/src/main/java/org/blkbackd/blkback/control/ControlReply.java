// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.List;

/**
 * A line to a client: what was asked for, or {@code error} and {@code message}. What has no value is left out.
 *
 * @param version of the format: {@link ControlCodec#VERSION}
 * @param error   a {@link ControlError#word}; null when the request was carried out
 * @param message one line for an administrator, with an error
 * @param devices for list and show
 * @param stats   for stats
 * @param crossings for stats of all devices: what the daemon's workers have cost
 * @param nanos   the daemon's clock when {@code stats} were taken: rates are differences divided by its difference
 * @param bytes   for resize: the size in effect
 * @param retried for retry: how many held requests are tried again
 * @param level   for log-level: the level in effect
 * @param daemon  for version: the daemon's
 * @param pid     for version: the daemon's process; for takeover: the successor's
 * @param lines   for takeover-check and migrate-check: what is in the way, a line each
 * @param peers   for peers
 */
public record ControlReply(int version, String error, String message, List<DeviceView> devices,
                           List<DeviceStats> stats, CrossingStats crossings, Long nanos, Long bytes,
                           Integer retried, String level, String daemon, Long pid, List<String> lines,
                           List<PeerView> peers) {

    /** One to be made: what is not set has no value. */
    private static final class Draft {
        private String error;
        private String message;
        private List<DeviceView> devices;
        private List<DeviceStats> stats;
        private CrossingStats crossings;
        private Long nanos;
        private Long bytes;
        private Integer retried;
        private String level;
        private String daemon;
        private Long pid;
        private List<String> lines;
        private List<PeerView> peers;

        ControlReply made() {
            return new ControlReply(ControlCodec.VERSION, error, message, devices, stats, crossings, nanos, bytes,
                retried, level, daemon, pid, lines, peers);
        }
    }

    /** Not carried out. */
    public static ControlReply failed(ControlError error, String message) {
        Draft draft = new Draft();
        draft.error = error.word();
        draft.message = message;
        return draft.made();
    }

    /** Answers list and show. */
    public static ControlReply devices(List<DeviceView> devices) {
        Draft draft = new Draft();
        draft.devices = devices;
        return draft.made();
    }

    /** Answers stats; {@code crossings} may be null. */
    public static ControlReply stats(List<DeviceStats> stats, CrossingStats crossings, long nanos) {
        Draft draft = new Draft();
        draft.stats = stats;
        draft.crossings = crossings;
        draft.nanos = nanos;
        return draft.made();
    }

    /** Answers resize. */
    public static ControlReply resized(long bytes) {
        Draft draft = new Draft();
        draft.bytes = bytes;
        return draft.made();
    }

    /** Answers retry. */
    public static ControlReply retried(int requests) {
        Draft draft = new Draft();
        draft.retried = requests;
        return draft.made();
    }

    /** Answers log-level. */
    public static ControlReply level(String level) {
        Draft draft = new Draft();
        draft.level = level;
        return draft.made();
    }

    /** Answers version. */
    public static ControlReply daemon(String version, long pid) {
        Draft draft = new Draft();
        draft.daemon = version;
        draft.pid = pid;
        return draft.made();
    }

    /** Answers takeover. */
    public static ControlReply handedOver(long pid) {
        Draft draft = new Draft();
        draft.pid = pid;
        return draft.made();
    }

    /** Answers takeover-check, migrate-check and limit. */
    public static ControlReply lines(List<String> lines) {
        Draft draft = new Draft();
        draft.lines = lines;
        return draft.made();
    }

    /** Answers peers. */
    public static ControlReply peers(List<PeerView> peers) {
        Draft draft = new Draft();
        draft.peers = peers;
        return draft.made();
    }
}
