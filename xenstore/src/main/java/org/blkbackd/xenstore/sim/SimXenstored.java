// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.blkbackd.xenstore.wire.Message;

/**
 * A running simulated xenstored. Its methods may be called from any thread but its own, and have happened when they
 * return.
 */
public final class SimXenstored implements AutoCloseable {

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1,
            new DefaultThreadFactory("sim-xenstored", true), NioIoHandler.newFactory());
    private final List<SimConnection> connections = new ArrayList<>();
    private final Domains domains = new Domains();
    private final RequestGate gate = new RequestGate(group.next());
    private final Store store;
    private final Watches watches;
    private final WatchRequests watchRequests;
    private final TransactionRequests transactions;
    private final Requests requests;
    private final SimSockets sockets;

    /** Owned by the event loop. */
    private boolean closing;

    private SimXenstored(Path directory, SimQuotas quotas) {
        store = new Store(domains, quotas);
        watches = new Watches(store, connections);
        watchRequests = new WatchRequests(domains, quotas);
        transactions = new TransactionRequests(store, quotas);
        sockets = new SimSockets(directory, group, new Clients());
        DomainRequests domainRequests = new DomainRequests(domains, this::introducedByRequest,
                domid -> destroyed(domid, true));
        requests = new Requests(new NodeRequests(store, domains, watches, quotas), watchRequests, transactions,
                domainRequests);
    }

    /** Listens on {@code directory/socket}. The path must be short enough for a unix socket (107 bytes). */
    public static SimXenstored start(Path directory) {
        return start(directory, SimQuotas.defaults());
    }

    /** The same with other quotas. */
    public static SimXenstored start(Path directory, SimQuotas quotas) {
        SimXenstored sim = new SimXenstored(directory, quotas);
        try {
            sim.listen(0);
            return sim;
        } catch (RuntimeException e) {
            sim.close();
            throw e;
        }
    }

    private void listen(int domid) {
        ChannelFuture bound = sockets.listen(domid);
        if (bound != null) {
            bound.syncUninterruptibly();
        }
    }

    /** Domain 0's socket. */
    public Path socket() {
        return sockets.path(0);
    }

    /** A domain's socket; it is there while the domain is introduced. */
    public Path socket(int domid) {
        return sockets.path(domid);
    }

    /** The hypervisor makes a domain: permissions may name it, but it has no xenstore yet. */
    public void create(int domid) {
        onLoop(() -> domains.create(domid, store.generation()));
    }

    /** Makes the domain where needed, opens its socket, fires {@code @introduceDomain}. */
    public void introduce(int domid) {
        listen(domid);
        onLoop(() -> introduced(domid));
    }

    /** The domain is gone: its clients and its nodes too, and {@code @releaseDomain} fires. */
    public void release(int domid) {
        onLoop(() -> destroyed(domid, false));
    }

    /** A domain shut down but is still there: {@code @releaseDomain} fires. */
    public void fireReleaseDomain() {
        onLoop(() -> watches.fireSpecial(Watches.RELEASE_DOMAIN));
    }

    /** Drops every connection; clients may connect again at once. */
    public void dropConnections() {
        onLoop(() -> List.copyOf(connections).forEach(SimConnection::close));
    }

    /** Drops the connections of one domain. */
    public void dropConnections(int domid) {
        onLoop(() -> drop(domid));
    }

    /** Answers the next so many commits with EAGAIN. */
    public void failCommits(int count) {
        onLoop(() -> transactions.setConflicts(count));
    }

    /** How many of {@link #failCommits} are still to come. */
    public int commitsToFail() {
        return call(transactions::conflictsToCome);
    }

    /** Answers nothing until {@link #resume}; requests are kept. */
    public void hang() {
        onLoop(gate::hang);
    }

    /** Answers what came in since {@link #hang}, and goes on. */
    public void resume() {
        onLoop(gate::resume);
    }

    /** Every request waits this long before it is looked at. Zero ends it. */
    public void delay(Duration delay) {
        onLoop(() -> gate.setDelay(delay.toMillis()));
    }

    /** How many clients are connected. */
    public int connectionCount() {
        return call(connections::size);
    }

    /** How many watches the clients have together. */
    public int watchCount() {
        return call(() -> connections.stream().mapToInt(connection -> connection.watches.size()).sum());
    }

    /** How many transactions are open. */
    public int transactionCount() {
        return call(() -> connections.stream().mapToInt(connection -> connection.transactions.size()).sum());
    }

    @Override
    public void close() {
        if (!group.isShuttingDown()) {
            // A loop that shuts down at once may leave a client's socket open, and the client waiting.
            onLoop(this::closeConnections);
            onLoop(this::closeConnections);
        }
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }

    /** Twice: a client that was just being accepted is registered in between. */
    private void closeConnections() {
        closing = true;
        sockets.closeAll();
        List.copyOf(connections).forEach(SimConnection::close);
    }

    private void introducedByRequest(int domid) {
        // The socket may appear just after the reply.
        sockets.listen(domid);
        introduced(domid);
    }

    private void introduced(int domid) {
        Domains.Domain domain = domains.create(domid, store.generation());
        if (!domain.introduced) {
            domain.introduced = true;
            watches.fireSpecial(Watches.INTRODUCE_DOMAIN);
        }
    }

    private void destroyed(int domid, boolean staysCreated) {
        if (!domains.exists(domid) || domid == 0) {
            return;
        }
        sockets.close(domid);
        drop(domid);
        store.removeOwnedBy(domid);
        watches.forgetDomain(domid);
        domains.remove(domid);
        if (staysCreated) {
            domains.create(domid, store.generation());
        }
        watches.fireSpecial(Watches.RELEASE_DOMAIN);
    }

    private void drop(int domid) {
        for (SimConnection connection : List.copyOf(connections)) {
            if (connection.domid() == domid) {
                forget(connection);
                connection.close();
            }
        }
    }

    private void forget(SimConnection connection) {
        if (connections.remove(connection)) {
            watchRequests.forget(connection);
            connection.transactions.clear();
        }
    }

    private void onLoop(Runnable work) {
        group.next().submit(work).syncUninterruptibly();
    }

    private <T> T call(Callable<T> work) {
        return group.next().submit(work).syncUninterruptibly().getNow();
    }

    private final class Clients implements SimSockets.Clients {

        @Override
        public SimConnection connected(int domid, Channel channel) {
            SimConnection connection = new SimConnection(domid, channel);
            if (domains.isIntroduced(domid) && !closing) {
                connections.add(connection);
            } else {
                channel.close();
            }
            return connection;
        }

        @Override
        public void received(SimConnection connection, Message message) {
            gate.enter(() -> {
                if (connections.contains(connection)) {
                    requests.answer(connection, message);
                }
            });
        }

        @Override
        public void disconnected(SimConnection connection) {
            forget(connection);
        }
    }
}
