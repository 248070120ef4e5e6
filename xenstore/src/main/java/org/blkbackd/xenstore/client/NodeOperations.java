// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.XenstoreOps;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;

/** The node operations as requests. Knows payloads, not connections. */
final class NodeOperations implements XenstoreOps {

    private final Requester requester;

    NodeOperations(Requester requester) {
        this.requester = requester;
    }

    @Override
    public String read(String path) {
        return value(send(reading(path)));
    }

    @Override
    public String readOrNull(String path) {
        try {
            return read(path);
        } catch (XenstoreException e) {
            return nothingIfMissing(e, null);
        }
    }

    @Override
    public void write(String path, String value) {
        send(writing(path, value));
    }

    @Override
    public Map<String, String> readAll(Collection<String> paths) {
        List<String> distinct = paths.stream().distinct().toList();
        List<Answer> answers = requester.exchange(distinct.stream().map(NodeOperations::reading).toList());
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < answers.size(); i++) {
            try {
                values.put(distinct.get(i), value(answers.get(i).reply()));
            } catch (XenstoreException e) {
                nothingIfMissing(e, null);
            }
        }
        return values;
    }

    @Override
    public void writeAll(Map<String, String> values) {
        List<Request> requests = new ArrayList<>(values.size());
        values.forEach((path, value) -> requests.add(writing(path, value)));
        requester.exchange(requests).forEach(Answer::reply);
    }

    @Override
    public void mkdir(String path) {
        request(MessageType.MKDIR, "mkdir " + path, path);
    }

    @Override
    public List<String> directory(String path) {
        String what = "directory " + path;
        try {
            return request(MessageType.DIRECTORY, what, path).strings();
        } catch (XenstoreException e) {
            return e.error().equals("E2BIG") && fits(path)
                    ? new DirectoryParts(part -> request(MessageType.DIRECTORY_PART, what, path, part), what).list()
                    : nothingIfMissing(e, List.of());
        }
    }

    @Override
    public void remove(String path) {
        try {
            request(MessageType.RM, "rm " + path, path);
        } catch (XenstoreException e) {
            nothingIfMissing(e, null);
        }
    }

    @Override
    public List<Permission> permissions(String path) {
        String what = "get permissions of " + path;
        List<Permission> permissions = new ArrayList<>();
        for (String entry : request(MessageType.GET_PERMS, what, path).strings()) {
            try {
                permissions.add(Permission.parse(entry));
            } catch (IllegalArgumentException e) {
                throw new XenstoreException(what + ": " + e.getMessage(), "EIO", e);
            }
        }
        return permissions;
    }

    @Override
    public void setPermissions(String path, List<Permission> permissions) {
        String[] arguments = new String[permissions.size() + 1];
        arguments[0] = path;
        for (int i = 0; i < permissions.size(); i++) {
            arguments[i + 1] = permissions.get(i).toString();
        }
        request(MessageType.SET_PERMS, "set permissions of " + path, arguments);
    }

    private static Request reading(String path) {
        String what = "read " + path;
        return new Request(MessageType.READ, arguments(what, path), what);
    }

    private static Request writing(String path, String value) {
        String what = "write " + path;
        byte[] name = arguments(what, path);
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        byte[] payload = Arrays.copyOf(name, name.length + bytes.length);
        System.arraycopy(bytes, 0, payload, name.length, bytes.length);
        return new Request(MessageType.WRITE, checkLength(payload, what), what);
    }

    private static String value(Message reply) {
        return new String(reply.payload(), StandardCharsets.UTF_8);
    }

    private Message request(MessageType type, String what, String... arguments) {
        return send(new Request(type, arguments(what, arguments), what));
    }

    private Message send(Request request) {
        return requester.exchange(List.of(request)).get(0).reply();
    }

    /** xenstored would drop the connection for a longer payload, and every watch with it. */
    private static byte[] checkLength(byte[] payload, String what) {
        if (payload.length > Message.PAYLOAD_MAX) {
            throw new XenstoreException(what + ": " + payload.length + " bytes with the path, the protocol allows "
                    + Message.PAYLOAD_MAX, "E2BIG");
        }
        return payload;
    }

    /** Each with a NUL. A NUL inside one would make it two. */
    static byte[] arguments(String what, String... arguments) {
        for (String argument : arguments) {
            if (argument.indexOf('\0') >= 0) {
                throw new XenstoreException(what.replace('\0', '?') + ": NUL in a path", "EINVAL");
            }
        }
        return checkLength(Message.terminated(arguments), what);
    }

    /** Whether E2BIG was xenstored's word for the list, not ours for the path. */
    private static boolean fits(String path) {
        return Message.terminated(path).length <= Message.PAYLOAD_MAX;
    }

    private static <T> T nothingIfMissing(XenstoreException e, T nothing) {
        if (e.isNoEntry()) {
            return nothing;
        }
        throw e;
    }
}
