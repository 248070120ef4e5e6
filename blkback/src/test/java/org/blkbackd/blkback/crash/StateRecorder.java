// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.blkbackd.blkback.service.XenHost;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreOps;

/**
 * A host that prints {@code state PATH VALUE} before each state is written: a watch would miss one that another follows
 * at once.
 */
final class StateRecorder implements XenHost {

    static final String WORD = "state ";

    private final XenHost host;

    StateRecorder(XenHost host) {
        this.host = host;
    }

    @Override
    public Xenstore connect() {
        return recorded(Xenstore.class, host.connect());
    }

    private static <T> T recorded(Class<T> type, T store) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
            (proxy, method, arguments) -> call(store, method, arguments)));
    }

    @SuppressWarnings("unchecked")
    private static Object call(Object store, Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "write" -> record((String) arguments[0], arguments[1]);
            case "writeAll" -> ((Map<String, String>) arguments[0]).forEach(StateRecorder::record);
            case "remove" -> record((String) arguments[0] + "/state", "removed");
            case "transact" -> {
                int last = arguments.length - 1;
                Function<XenstoreOps, Object> work = (Function<XenstoreOps, Object>) arguments[last];
                arguments[last] = (Function<XenstoreOps, Object>) ops -> work.apply(recorded(XenstoreOps.class, ops));
            }
            default -> {
                // changes no state
            }
        }
        try {
            return method.invoke(store, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static void record(String path, Object value) {
        if (path.endsWith("/state")) {
            System.out.println(WORD + path + " " + value);
        }
    }

    @Override
    public GrantTable grantTable() {
        return host.grantTable();
    }

    @Override
    public EventChannels newEventChannels() {
        return host.newEventChannels();
    }

    @Override
    public Path statistics() {
        return host.statistics();
    }

    @Override
    public Path runtimeFolder() {
        return host.runtimeFolder();
    }

    @Override
    public void close() {
        host.close();
    }
}
