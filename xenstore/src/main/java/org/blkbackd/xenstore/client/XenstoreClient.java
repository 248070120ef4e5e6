// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.WatchListener;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.XenstoreOps;
import org.blkbackd.xenstore.wire.MessageType;

/**
 * A connection to xenstored over its unix socket or /dev/xen/xenbus. Any thread may call it, several at a time, but not
 * the client's own threads: a listener that calls gets an IllegalStateException.
 *
 * <p>Threads: {@code xenstore-io} receives, {@code xenstore-dispatch} runs the listeners, {@code xenstore-keeper}
 * replaces a lost connection. All end with {@link #close}.
 */
public final class XenstoreClient implements Xenstore {

    private static final int S_IFMT = 0170000;
    private static final int S_IFSOCK = 0140000;
    private static final int S_IFCHR = 0020000;

    private final Transport transport;
    private final ClientOptions options;
    private final WatchDispatcher watches = new WatchDispatcher();
    private final Keeper keeper;
    private final Transactions transactions;
    private final XenstoreOps nodes = new NodeOperations(this::exchange);

    private XenstoreClient(Transport transport, ClientOptions options) {
        this.transport = transport;
        this.options = options;
        this.keeper = new Keeper(transport, options, watches);
        this.transactions = new Transactions(keeper, options);
    }

    /** Connects to a socket or a character device, with the default options. */
    public static XenstoreClient connect(Path socketOrDevice) {
        return connect(socketOrDevice, ClientOptions.defaults());
    }

    /** Connects, or throws a XenstoreException (DISCONNECTED) that says why not. */
    public static XenstoreClient connect(Path socketOrDevice, ClientOptions options) {
        return connect(transport(socketOrDevice, options), options);
    }

    static XenstoreClient connect(Transport transport, ClientOptions options) {
        XenstoreClient client = new XenstoreClient(transport, options);
        try {
            client.watches.start();
            client.keeper.start();
            return client;
        } catch (IOException e) {
            client.close();
            throw new XenstoreException("connect to " + e.getMessage(), XenstoreException.DISCONNECTED, e);
        }
    }

    private static Transport transport(Path path, ClientOptions options) {
        int type;
        try {
            type = (int) Files.getAttribute(path, "unix:mode") & S_IFMT;
        } catch (IOException e) {
            throw new XenstoreException("connect to " + path + ": no such socket or device",
                    XenstoreException.DISCONNECTED, e);
        }
        if (type == S_IFSOCK) {
            return new SocketTransport(path, options.connectTimeout());
        }
        if (type == S_IFCHR) {
            return new DeviceTransport(path.toString(), () -> new CharacterDevice(path));
        }
        throw new XenstoreException("connect to " + path + ": neither a socket nor a character device",
                XenstoreException.DISCONNECTED);
    }

    private List<Answer> exchange(List<Request> requests) {
        refuseOwnThreads();
        return requests.isEmpty() ? List.of()
                : keeper.connection(requests.get(0).what()).callAll(requests, 0, options.callTimeout());
    }

    private void refuseOwnThreads() {
        if (transport.onIoThread() || watches.onDispatchThread() || keeper.onKeeperThread()) {
            throw new IllegalStateException("xenstore called from its own thread "
                    + Thread.currentThread().getName() + ": a listener must hand over to a thread of its owner");
        }
    }

    @Override
    public String read(String path) {
        return nodes.read(path);
    }

    @Override
    public String readOrNull(String path) {
        return nodes.readOrNull(path);
    }

    @Override
    public void write(String path, String value) {
        nodes.write(path, value);
    }

    @Override
    public Map<String, String> readAll(Collection<String> paths) {
        return nodes.readAll(paths);
    }

    @Override
    public void writeAll(Map<String, String> values) {
        nodes.writeAll(values);
    }

    @Override
    public void mkdir(String path) {
        nodes.mkdir(path);
    }

    @Override
    public List<String> directory(String path) {
        return nodes.directory(path);
    }

    @Override
    public void remove(String path) {
        nodes.remove(path);
    }

    @Override
    public List<Permission> permissions(String path) {
        return nodes.permissions(path);
    }

    @Override
    public void setPermissions(String path, List<Permission> permissions) {
        nodes.setPermissions(path, permissions);
    }

    @Override
    public <T> T transact(Function<XenstoreOps, T> work) {
        refuseOwnThreads();
        return transactions.run(work);
    }

    @Override
    public <T> T transact(int tries, Function<XenstoreOps, T> work) {
        refuseOwnThreads();
        return transactions.run(tries, work);
    }

    @Override
    public Watch watch(String path, WatchListener listener) {
        refuseOwnThreads();
        String what = "watch " + path;
        Connection connection = keeper.connection(what);
        WatchRegistration watch = watches.add(path, listener);
        byte[] arguments = watch.arguments();
        boolean registered = false;
        try {
            connection.call(MessageType.WATCH, 0, arguments, options.callTimeout(), what);
            registered = keeper.acknowledged(watch, connection);
        } finally {
            if (!registered) {
                watches.remove(watch);
                // Without an answer in time the watch may be made yet.
                connection.post(MessageType.UNWATCH, 0, arguments);
            }
        }
        if (!registered) {
            throw new XenstoreException(what + ": the connection was lost", XenstoreException.DISCONNECTED);
        }
        return () -> unwatch(watch);
    }

    private void unwatch(WatchRegistration watch) {
        refuseOwnThreads();
        if (!watches.contains(watch)) {
            return;
        }
        watches.remove(watch);
        try {
            exchange(List.of(new Request(MessageType.UNWATCH, watch.arguments(), "unwatch " + watch.path())))
                    .get(0).reply();
        } catch (XenstoreException e) {
            // A dead connection took the watch with it; one that was never re-registered is ENOENT.
            if (!e.isConnectionLost() && !e.isNoEntry()) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        refuseOwnThreads();
        keeper.close();
        watches.close();
        transport.close();
    }

    @Override
    public String toString() {
        return "xenstore at " + transport;
    }
}
