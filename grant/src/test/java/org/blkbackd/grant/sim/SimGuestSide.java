// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.util.OptionalInt;
import org.blkbackd.grant.GuestSide;

/** The other end of the contract tests, simulated; with a SimHypervisor of its own, as another process has it. */
final class SimGuestSide implements GuestSide {

    private final SimHypervisor hypervisor;
    private final SimDomain domain;

    /** Takes over {@code hypervisor}. */
    SimGuestSide(SimHypervisor hypervisor, int domid) {
        this.hypervisor = hypervisor;
        this.domain = hypervisor.domain(domid);
    }

    @Override
    public int domid() {
        return domain.domid();
    }

    @Override
    public Page grant(boolean readOnly) {
        GuestPage page = domain.allocatePage();
        return new Page(domain.grant(0, page, readOnly), page.buffer());
    }

    @Override
    public OptionalInt mappedGrants() {
        return OptionalInt.of(domain.mappedGrants());
    }

    @Override
    public int allocUnbound(int remoteDomid) {
        return domain.allocUnbound(remoteDomid);
    }

    @Override
    public void notify(int port) {
        domain.eventChannels().notify(port);
    }

    @Override
    public int pending() {
        return domain.eventChannels().pending();
    }

    @Override
    public void unmask(int port) {
        domain.eventChannels().unmask(port);
    }

    @Override
    public int fd() {
        return domain.eventChannels().fd();
    }

    @Override
    public void closePort(int port) {
        domain.closePort(port);
    }

    @Override
    public void close() {
        domain.destroy();
        hypervisor.close();
    }
}
