// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.GuestSide;
import org.blkbackd.grant.LibC;

/** The other end of the contract tests on real Xen: this domain itself, which grants pages and ports to itself. */
final class XenLoopback implements GuestSide {

    /** Our own domid: 0 unless the tests run in a driver domain. */
    static final int SELF = Integer.getInteger("org.blkbackd.grant.domid", 0);

    private final long sharing;
    private final long channels;
    private final List<Long> pages = new ArrayList<>();

    private XenLoopback() {
        sharing = LibXengntshr.xengntshrOpen(0, 0);
        channels = LibXenevtchn.xenevtchnOpen(0, 0);
        assertTrue(sharing != 0 && channels != 0, "cannot open /dev/xen/gntalloc or /dev/xen/evtchn");
        int flags = LibC.fcntl(fd(), 3, 0);
        assertTrue(LibC.fcntl(fd(), 4, flags | 0x800) >= 0);
    }

    /** Skips the test where this is no Xen domain. */
    static XenLoopback open() {
        for (String device : new String[] {"gntdev", "gntalloc", "evtchn"}) {
            assumeTrue(Files.exists(Path.of("/dev/xen", device)), "/dev/xen/" + device
                + " is absent: run as root in dom0 after modprobe -a xen-gntdev xen-gntalloc xen-evtchn");
        }
        return new XenLoopback();
    }

    @Override
    public int domid() {
        return SELF;
    }

    @Override
    public Page grant(boolean readOnly) {
        try (Memory ref = new Memory(4)) {
            long address = LibXengntshr.xengntshrSharePages(sharing, SELF, 1, Pointer.nativeValue(ref),
                readOnly ? 0 : 1);
            assertTrue(address != 0, () -> "cannot share a page: errno " + Native.getLastError());
            pages.add(address);
            return new Page(ref.getInt(0),
                new Pointer(address).getByteBuffer(0, GrantTable.PAGE_SIZE).order(ByteOrder.LITTLE_ENDIAN));
        }
    }

    @Override
    public OptionalInt mappedGrants() {
        return OptionalInt.empty();
    }

    @Override
    public int allocUnbound(int remoteDomid) {
        int port = LibXenevtchnOffer.xenevtchnBindUnboundPort(channels, remoteDomid);
        assertTrue(port >= 0, () -> "cannot offer a port: errno " + Native.getLastError());
        return port;
    }

    @Override
    public void notify(int port) {
        assertTrue(LibXenevtchn.xenevtchnNotify(channels, port) >= 0);
    }

    @Override
    public int pending() {
        int port = LibXenevtchn.xenevtchnPending(channels);
        return port < 0 ? EventChannels.NONE : port;
    }

    @Override
    public void unmask(int port) {
        assertTrue(LibXenevtchn.xenevtchnUnmask(channels, port) >= 0);
    }

    @Override
    public int fd() {
        return LibXenevtchn.xenevtchnFd(channels);
    }

    @Override
    public void closePort(int port) {
        assertTrue(LibXenevtchn.xenevtchnUnbind(channels, port) >= 0);
    }

    @Override
    public void close() {
        for (long page : pages) {
            LibXengntshr.xengntshrUnshare(sharing, page, 1);
        }
        LibXengntshr.xengntshrClose(sharing);
        LibXenevtchn.xenevtchnClose(channels);
    }
}
