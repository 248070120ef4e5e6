// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.nio.file.Path;
import java.time.Duration;
import org.blkbackd.xenstore.sim.SimXenstored;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract with the simulated xenstored. */
class SimContractTest extends XenstoreContract {

    private SimXenstored sim;

    @BeforeAll
    void start(@TempDir Path directory) {
        sim = SimXenstored.start(directory);
    }

    @AfterAll
    void stop() {
        sim.close();
    }

    @Override
    public Path socket() {
        return sim.socket();
    }

    @Override
    Transport transport() {
        return new SocketTransport(sim.socket(), Duration.ofSeconds(5));
    }

    @Override
    Transport guestTransport(int domid) {
        return new SocketTransport(sim.socket(domid), Duration.ofSeconds(5));
    }

    @Override
    void create(int domid) {
        sim.create(domid);
    }

    @Override
    public void introduce(int domid) {
        sim.introduce(domid);
    }

    @Override
    public void destroy(int domid) {
        sim.release(domid);
    }
}
