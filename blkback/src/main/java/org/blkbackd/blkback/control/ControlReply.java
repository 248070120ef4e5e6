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
                           List<DeviceStats> stats, Long nanos, Long bytes, Integer retried, String level,
                           String daemon, Long pid, List<String> lines, List<PeerView> peers) {

    /** Not carried out. */
    public static ControlReply failed(ControlError error, String message) {
        return new ControlReply(ControlCodec.VERSION, error.word(), message, null, null, null, null, null, null, null,
            null, null, null);
    }

    /** Answers list and show. */
    public static ControlReply devices(List<DeviceView> devices) {
        return new ControlReply(ControlCodec.VERSION, null, null, devices, null, null, null, null, null, null, null,
            null, null);
    }

    /** Answers stats. */
    public static ControlReply stats(List<DeviceStats> stats, long nanos) {
        return new ControlReply(ControlCodec.VERSION, null, null, null, stats, nanos, null, null, null, null, null,
            null, null);
    }

    /** Answers resize. */
    public static ControlReply resized(long bytes) {
        return new ControlReply(ControlCodec.VERSION, null, null, null, null, null, bytes, null, null, null, null,
            null, null);
    }

    /** Answers retry. */
    public static ControlReply retried(int requests) {
        return new ControlReply(ControlCodec.VERSION, null, null, null, null, null, null, requests, null, null, null,
            null, null);
    }

    /** Answers log-level. */
    public static ControlReply level(String level) {
        return new ControlReply(ControlCodec.VERSION, null, null, null, null, null, null, null, level, null, null,
            null, null);
    }

    /** Answers version. */
    public static ControlReply daemon(String version, long pid) {
        return new ControlReply(ControlCodec.VERSION, null, null, null, null, null, null, null, null, version, pid,
            null, null);
    }

    /** Answers takeover. */
    public static ControlReply handedOver(long pid) {
        return new ControlReply(ControlCodec.VERSION, null, null, null, null, null, null, null, null, null, pid, null,
            null);
    }

    /** Answers takeover-check. */
    public static ControlReply lines(List<String> lines) {
        return new ControlReply(ControlCodec.VERSION, null, null, null, null, null, null, null, null, null, null,
            lines, null);
    }

    /** Answers peers. */
    public static ControlReply peers(List<PeerView> peers) {
        return new ControlReply(ControlCodec.VERSION, null, null, null, null, null, null, null, null, null, null, null,
            peers);
    }
}
