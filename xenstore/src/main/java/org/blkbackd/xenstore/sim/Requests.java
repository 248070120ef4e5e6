// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.Arrays;
import java.util.List;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;

/** Answers requests. Watch events that a request causes are sent before its reply. */
final class Requests {

    private static final byte[] OK = Message.terminated("OK");

    private final NodeRequests nodes;
    private final WatchRequests watches;
    private final TransactionRequests transactions;
    private final DomainRequests domains;

    Requests(NodeRequests nodes, WatchRequests watches, TransactionRequests transactions, DomainRequests domains) {
        this.nodes = nodes;
        this.watches = watches;
        this.transactions = transactions;
        this.domains = domains;
    }

    void answer(SimConnection connection, Message request) {
        try {
            if (request.type() == MessageType.WATCH) {
                // The only request whose event comes after its reply.
                SimConnection.SimWatch watch = watches.add(connection, request);
                connection.reply(request, OK);
                connection.event(watch, watch.path());
            } else {
                connection.reply(request, handle(connection, request));
            }
        } catch (StoreError e) {
            connection.error(request, e.getMessage());
        }
    }

    private byte[] handle(SimConnection connection, Message request) {
        Transaction transaction = null;
        if (request.type() != MessageType.UNWATCH && request.txId() != 0) {
            transaction = connection.transactions.get(request.txId());
            if (transaction == null) {
                throw new StoreError(isKnown(request.type()) ? "ENOENT" : "ENOSYS");
            }
        }
        Caller caller = new Caller(connection.domid(), transaction);
        switch (request.type()) {
            case DIRECTORY:
                return nodes.directory(caller, request);
            case DIRECTORY_PART:
                return nodes.directoryPart(caller, request);
            case READ:
                return nodes.read(caller, request);
            case GET_PERMS:
                return nodes.getPermissions(caller, request);
            case GET_DOMAIN_PATH:
                return Message.terminated(NodePath.home(number(onlyString(request))));
            case IS_DOMAIN_INTRODUCED:
                return domains.isIntroduced(caller, request);
            case TRANSACTION_START:
                return transactions.start(connection, caller);
            default:
                change(connection, caller, request);
                return OK;
        }
    }

    private void change(SimConnection connection, Caller caller, Message request) {
        switch (request.type()) {
            case WRITE -> nodes.write(caller, request);
            case MKDIR -> nodes.mkdir(caller, request);
            case RM -> nodes.remove(caller, request);
            case SET_PERMS -> nodes.setPermissions(caller, request);
            case UNWATCH -> watches.remove(connection, request);
            case RESET_WATCHES -> watches.reset(connection);
            case TRANSACTION_END -> transactions.end(connection, caller, request);
            case INTRODUCE -> domains.introduce(caller, request);
            case RELEASE -> domains.release(caller, request);
            case RESUME -> domains.resume(caller, request);
            default -> throw new StoreError("ENOSYS");
        }
    }

    private static boolean isKnown(MessageType type) {
        return type != MessageType.INVALID && type != MessageType.WATCH_EVENT && type != MessageType.ERROR;
    }

    /** The payload when it is exactly one NUL-terminated string. */
    static String onlyString(Message request) {
        byte[] payload = request.payload();
        List<String> strings = request.strings();
        if (strings.size() != 1 || payload[payload.length - 1] != 0) {
            throw new StoreError("EINVAL");
        }
        return strings.get(0);
    }

    /** As atoi: leading digits, 0 where there are none. */
    static int number(String text) {
        String digits = text.strip().replaceFirst("[^0-9].*", "");
        try {
            return digits.isEmpty() ? 0 : Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** What follows the first string. */
    static byte[] rest(Message request) {
        byte[] payload = request.payload();
        for (int i = 0; i < payload.length; i++) {
            if (payload[i] == 0) {
                return Arrays.copyOfRange(payload, i + 1, payload.length);
            }
        }
        throw new StoreError("EINVAL");
    }
}
