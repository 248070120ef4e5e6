// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.Map;

/** JSON to records and back. Keys are the names of the records' components; unknown keys are passed over. */
public final class ControlCodec {

    /**
     * Of the format. Raised only when an old end would misunderstand a new one; a new key or a new command is no such
     * change.
     */
    public static final int VERSION = 1;

    /** Where the daemon listens unless it is told otherwise. */
    public static final String DEFAULT_SOCKET = "/run/blkbackd/control.sock";

    private ControlCodec() {
    }

    /** One line, without the line feed. */
    public static String write(Object message) {
        try {
            return JSON.std.asString(message);
        } catch (IOException e) {
            throw new IllegalStateException("cannot be written as JSON: " + e.getMessage(), e);
        }
    }

    /**
     * A request as a client wrote it. Its values are of the right types, and that is all that is known of them: the
     * library would make a null of what is not, and a resize to a misspelt size a resize to any size.
     */
    public static ControlRequest request(String line) throws ControlException {
        Map<String, Object> values = parse(line, JSON.std::mapFrom);
        return new ControlRequest(version(values), value(values, "command", String.class),
            value(values, "device", String.class), bytes(values), value(values, "level", String.class),
            value(values, "peer", String.class), value(values, "limits", String.class));
    }

    /** A reply as a daemon wrote it. */
    public static ControlReply reply(String line) throws ControlException {
        return parse(line, text -> JSON.std.beanFrom(ControlReply.class, text));
    }

    private static int version(Map<String, Object> values) throws ControlException {
        Integer version = value(values, "version", Integer.class);
        if (version == null) {
            throw refusal("no version");
        }
        return version;
    }

    private static Long bytes(Map<String, Object> values) throws ControlException {
        Number bytes = value(values, "bytes", Number.class);
        if (bytes != null && !(bytes instanceof Integer || bytes instanceof Long)) {
            throw refusal("bytes is no whole number of 64 bits");
        }
        return bytes == null ? null : (Long) bytes.longValue();
    }

    private static <T> T value(Map<String, Object> values, String key, Class<T> type) throws ControlException {
        Object value = values.get(key);
        if (value != null && !type.isInstance(value)) {
            throw refusal(key + " is of the wrong type");
        }
        return type.cast(value);
    }

    private interface Parser<T> {
        T parse(String text) throws IOException;
    }

    private static <T> T parse(String line, Parser<T> parser) throws ControlException {
        T message;
        try {
            message = parser.parse(line);
        } catch (IOException | RuntimeException | StackOverflowError e) {
            throw refusal(firstLine(e));
        }
        if (message == null) {
            throw refusal("no object");
        }
        return message;
    }

    private static ControlException refusal(String reason) {
        return new ControlException(ControlError.BAD_REQUEST, "not a message of this format: " + reason);
    }

    private static String firstLine(Throwable e) {
        return e.getMessage() == null ? e.toString() : e.getMessage().lines().findFirst().orElse("");
    }
}
