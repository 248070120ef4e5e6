// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.List;
import org.blkbackd.xenstore.sim.SimConnection.SimWatch;
import org.blkbackd.xenstore.wire.Message;

/** WATCH, UNWATCH, RESET_WATCHES. */
final class WatchRequests {

    private final Domains domains;
    private final SimQuotas quotas;

    WatchRequests(Domains domains, SimQuotas quotas) {
        this.domains = domains;
        this.quotas = quotas;
    }

    SimWatch add(SimConnection connection, Message request) {
        List<String> arguments = arguments(request);
        String path = arguments.get(0);
        boolean relative = !path.startsWith("/") && !NodePath.isSpecial(path);
        String absolute = NodePath.absolute(path, connection.domid());
        if (NodePath.isSpecial(path) ? path.length() > NodePath.LONGEST : !NodePath.isValid(absolute)) {
            throw new StoreError("EINVAL");
        }
        if (find(connection, absolute, arguments.get(1)) != null) {
            throw new StoreError("EEXIST");
        }
        Domains.Domain domain = domains.get(connection.domid());
        if (connection.domid() != 0 && domain.watches > quotas.watches()) {
            throw new StoreError("E2BIG");
        }
        SimWatch watch = new SimWatch(absolute, arguments.get(1), relative);
        connection.watches.add(watch);
        domain.watches++;
        return watch;
    }

    void remove(SimConnection connection, Message request) {
        List<String> arguments = arguments(request);
        SimWatch watch = find(connection, NodePath.absolute(arguments.get(0), connection.domid()), arguments.get(1));
        if (watch == null) {
            throw new StoreError("ENOENT");
        }
        connection.watches.remove(watch);
        domains.get(connection.domid()).watches--;
    }

    /** The client's transactions end too. */
    void reset(SimConnection connection) {
        forget(connection);
        connection.transactions.clear();
    }

    void forget(SimConnection connection) {
        Domains.Domain domain = domains.get(connection.domid());
        if (domain != null) {
            domain.watches -= connection.watches.size();
        }
        connection.watches.clear();
    }

    private static List<String> arguments(Message request) {
        List<String> arguments = request.strings();
        if (arguments.size() != 2) {
            throw new StoreError("EINVAL");
        }
        return arguments;
    }

    private static SimWatch find(SimConnection connection, String path, String token) {
        for (SimWatch watch : connection.watches) {
            if (watch.path().equals(path) && watch.token().equals(token)) {
                return watch;
            }
        }
        return null;
    }
}
