// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

/**
 * A line from a client.
 *
 * @param version of the format: {@link ControlCodec#VERSION}
 * @param command one of the constants here
 * @param device  any name of a device; needed by show and resize, optional for stats and retry
 * @param bytes   new size, for resize; null: what the image has
 * @param level   for log-level; null asks for the level in effect
 * @param peer    name of another host, for fence, unfence and migrate-check
 * @param limits  for limit, as {@link ControlledDevices#limit} takes them; null asks for those in effect
 */
public record ControlRequest(int version, String command, String device, Long bytes, String level, String peer,
                             String limits) {

    /** All devices, as {@link ControlReply#devices}. */
    public static final String LIST = "list";
    /** One device, as {@link ControlReply#devices}. */
    public static final String SHOW = "show";
    /** Counts of one device or all, as {@link ControlReply#stats}. */
    public static final String STATS = "stats";
    /** Sets the size of a device; {@link ControlReply#bytes} is the size in effect. */
    public static final String RESIZE = "resize";
    /** Limits what may be asked of a device's disk; the one of {@link ControlReply#lines} is the limits in effect. */
    public static final String LIMIT = "limit";
    /** Tries held requests of one device or all again; {@link ControlReply#retried} is how many. */
    public static final String RETRY = "retry";
    /** Sets or asks {@link ControlReply#level}. */
    public static final String LOG_LEVEL = "log-level";
    /** Has the daemon start its successor and hand everything over; {@link ControlReply#pid} is the successor's. */
    public static final String TAKEOVER = "takeover";
    /** Asks what would be in a successor's way, as {@link ControlReply#lines}. */
    public static final String TAKEOVER_CHECK = "takeover-check";
    /** Asks {@link ControlReply#peers}. */
    public static final String PEERS = "peers";
    /** The host of a peer is off, until the peer is heard; answers as {@link #PEERS}. */
    public static final String FENCE = "fence";
    /** It is not, or not any more; answers as {@link #PEERS}. */
    public static final String UNFENCE = "unfence";
    /** Asks what would be in the way of a guest's disk to a peer, as {@link ControlReply#lines}. */
    public static final String MIGRATE_CHECK = "migrate-check";
    /** Asks {@link ControlReply#daemon}. */
    public static final String VERSION = "version";

    /** A command without arguments. */
    public static ControlRequest of(String command) {
        return ofDevice(command, null);
    }

    /** A command about one device. */
    public static ControlRequest ofDevice(String command, String device) {
        return new ControlRequest(ControlCodec.VERSION, command, device, null, null, null, null);
    }

    /** {@code bytes} may be null. */
    public static ControlRequest resize(String device, Long bytes) {
        return new ControlRequest(ControlCodec.VERSION, RESIZE, device, bytes, null, null, null);
    }

    /** {@code level} may be null. */
    public static ControlRequest logLevel(String level) {
        return new ControlRequest(ControlCodec.VERSION, LOG_LEVEL, null, null, level, null, null);
    }

    /** {@code limits} may be null. */
    public static ControlRequest limit(String device, String limits) {
        return new ControlRequest(ControlCodec.VERSION, LIMIT, device, null, null, null, limits);
    }

    /** A command about a peer, and a device unless that is null. */
    public static ControlRequest ofPeer(String command, String device, String peer) {
        return new ControlRequest(ControlCodec.VERSION, command, device, null, null, peer, null);
    }
}
