// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.wire.Message;

/** Requests about nodes: payloads to and from {@link Store}. */
final class NodeRequests {

    private final Store store;
    private final Domains domains;
    private final Watches watches;
    private final SimQuotas quotas;

    NodeRequests(Store store, Domains domains, Watches watches, SimQuotas quotas) {
        this.store = store;
        this.domains = domains;
        this.watches = watches;
        this.quotas = quotas;
    }

    private static String path(Caller caller, String path) {
        return NodePath.absolute(path, caller.domid());
    }

    byte[] read(Caller caller, Message request) {
        return store.get(caller, path(caller, Requests.onlyString(request)), Access.READ).value();
    }

    byte[] directory(Caller caller, Message request) {
        Node node = store.get(caller, path(caller, Requests.onlyString(request)), Access.READ);
        return Message.terminated(node.children().toArray(new String[0]));
    }

    /** generation NUL, then as many whole names as fit; one more NUL after the last of all. */
    byte[] directoryPart(Caller caller, Message request) {
        List<String> arguments = request.strings();
        if (arguments.size() != 2) {
            throw new StoreError("EINVAL");
        }
        Node node = store.get(caller, path(caller, arguments.get(0)), Access.READ);
        byte[] generation = Message.terminated(Long.toUnsignedString(node.generation()));
        byte[] names = Message.terminated(node.children().toArray(new String[0]));
        ByteArrayOutputStream part = new ByteArrayOutputStream();
        part.writeBytes(generation);
        int offset = Requests.number(arguments.get(1));
        int end = offset;
        int limit = Message.PAYLOAD_MAX - generation.length - 1;
        while (end < names.length) {
            int next = end;
            while (names[next] != 0) {
                next++;
            }
            if (next - offset >= limit) {
                break;
            }
            part.write(names, end, next + 1 - end);
            end = next + 1;
        }
        if (end >= names.length) {
            part.write(0);
        }
        return part.toByteArray();
    }

    void write(Caller caller, Message request) {
        byte[] value = Requests.rest(request);
        store.write(caller, path(caller, request.text()), value);
    }

    void mkdir(Caller caller, Message request) {
        store.mkdir(caller, path(caller, Requests.onlyString(request)));
    }

    void remove(Caller caller, Message request) {
        store.remove(caller, path(caller, Requests.onlyString(request)));
    }

    byte[] getPermissions(Caller caller, Message request) {
        Node node = store.get(caller, path(caller, Requests.onlyString(request)), Access.READ);
        return Message.terminated(node.access().entries().stream()
                .map(entry -> entry.permission().toString()).toArray(String[]::new));
    }

    void setPermissions(Caller caller, Message request) {
        List<String> arguments = request.strings();
        if (arguments.size() < 2) {
            throw new StoreError("EINVAL");
        }
        if (caller.isUnprivileged() && arguments.size() - 1 > quotas.permissions()) {
            throw new StoreError("ENOSPC");
        }
        Access access = parse(arguments.subList(1, arguments.size()));
        if (access.entries().get(0).ignored()) {
            throw new StoreError("ENOENT");
        }
        String path = arguments.get(0);
        if (NodePath.isSpecial(path)) {
            watches.setSpecialAccess(caller.domid(), path, access);
        } else {
            store.setAccess(caller, path(caller, path), access);
        }
    }

    private Access parse(List<String> texts) {
        List<Access.Entry> entries = new ArrayList<>();
        for (String text : texts) {
            try {
                Permission permission = Permission.parse(text);
                entries.add(new Access.Entry(permission, !domains.exists(permission.domid())));
            } catch (IllegalArgumentException e) {
                throw new StoreError("EINVAL");
            }
        }
        return new Access(List.copyOf(entries));
    }
}
