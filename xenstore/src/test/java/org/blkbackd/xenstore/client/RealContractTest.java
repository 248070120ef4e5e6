// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.blkbackd.xenstore.wire.MessageType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract with Xen's own xenstored; domain 0 over its socket, the others over their rings. */
class RealContractTest extends XenstoreContract {

    private static final int REMOTE_PORT = 1;

    private RealXenstored xenstored;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        xenstored = RealXenstored.start(directory);
    }

    @AfterAll
    void stop() {
        if (xenstored != null) {
            xenstored.close();
        }
    }

    @Override
    public Path socket() {
        return xenstored.socket();
    }

    @Override
    Transport transport() {
        return new SocketTransport(xenstored.socket(), Duration.ofSeconds(5));
    }

    @Override
    Transport guestTransport(int domid) {
        return new DeviceTransport("ring of domain " + domid, () -> {
            int port = xenstored.localPort(domid, REMOTE_PORT);
            return new RingDevice(xenstored.ring(domid), () -> xenstored.notify(port));
        });
    }

    @Override
    void create(int domid) {
        xenstored.create(domid);
    }

    @Override
    public void introduce(int domid) {
        try (RawClient c = RawClient.connect(transport())) {
            c.ok(MessageType.INTRODUCE, Integer.toString(domid), "1", Integer.toString(REMOTE_PORT));
        }
    }

    @Override
    public void destroy(int domid) {
        xenstored.kill(domid);
        try (RawClient c = RawClient.connect(transport())) {
            while (c.ok(MessageType.IS_DOMAIN_INTRODUCED, Integer.toString(domid)).text().equals("T")) {
                Thread.onSpinWait();
            }
        }
    }
}
