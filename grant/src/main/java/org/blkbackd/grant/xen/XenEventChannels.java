// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import com.sun.jna.Native;
import java.util.BitSet;
import org.blkbackd.grant.Errno;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.LibC;

/**
 * Event channels over libxenevtchn (/dev/xen/evtchn). Owned by one thread.
 *
 * <p>The driver keeps the ports that fired in a ring of bounded size. When that overflows, read(2) fails with EFBIG
 * until IOCTL_EVTCHN_RESET empties it, and the ports that were in it or did not fit stay masked
 * (linux/drivers/xen/evtchn.c, {@code evtchn_interrupt}). Then {@link #pending} returns every bound port once: its ring
 * is looked at, and unmasking it, which the driver ignores for a port that is not masked, brings its events back.
 */
public final class XenEventChannels implements EventChannels {

    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_NONBLOCK = 0x800;
    private static final int IOCTL_EVTCHN_RESET = 0x4505;

    private final int fd;
    private final BitSet bound = new BitSet();
    private final BitSet missed = new BitSet();
    private long handle;

    private XenEventChannels(long handle) {
        this.handle = handle;
        this.fd = LibXenevtchn.xenevtchnFd(handle);
    }

    /**
     * Opens the device.
     *
     * @throws GrantException saying what is missing: the library, or the device
     */
    public static XenEventChannels open() {
        XenLibrary.EVTCHN.load();
        long handle = LibXenevtchn.xenevtchnOpen(0, 0);
        if (handle == 0) {
            throw new GrantException(
                "cannot open /dev/xen/evtchn (is xen-evtchn loaded, are we in a Xen domain, are we root?)",
                Native.getLastError());
        }
        XenEventChannels channels = new XenEventChannels(handle);
        int flags = LibC.fcntl(channels.fd, F_GETFL, 0);
        if (flags < 0 || LibC.fcntl(channels.fd, F_SETFL, flags | O_NONBLOCK) < 0) {
            int errno = Native.getLastError();
            channels.close();
            throw new GrantException("cannot make /dev/xen/evtchn non-blocking", errno);
        }
        return channels;
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public int bindInterdomain(int domid, int remotePort) {
        if (domid >>> 16 != 0) {
            // The kernel would cut it to 16 bits and bind another domain's port.
            throw GrantException.ofBind(domid, remotePort, Errno.ESRCH);
        }
        int port = LibXenevtchn.xenevtchnBindInterdomain(opened(), domid, remotePort);
        if (port < 0) {
            throw GrantException.ofBind(domid, remotePort, Native.getLastError());
        }
        bound.set(port);
        return port;
    }

    @Override
    public int pending() {
        while (true) {
            int port = nextMissed();
            if (port < 0) {
                port = LibXenevtchn.xenevtchnPending(opened());
            }
            if (port >= 0 && bound.get(port)) {
                return port;
            }
            if (port >= 0) {
                continue; // It was unbound while its event was in the driver's ring.
            }
            int errno = Native.getLastError();
            if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
                return NONE;
            }
            if (errno != Errno.EFBIG) {
                throw new GrantException("cannot read /dev/xen/evtchn", errno);
            }
            reset();
        }
    }

    @Override
    public void unmask(int port) {
        if (LibXenevtchn.xenevtchnUnmask(opened(), port) < 0) {
            throw new GrantException("cannot unmask event channel " + port, Native.getLastError());
        }
    }

    @Override
    public void notify(int port) {
        if (LibXenevtchn.xenevtchnNotify(opened(), port) < 0) {
            throw new GrantException("cannot notify event channel " + port, Native.getLastError());
        }
    }

    @Override
    public void unbind(int port) {
        if (LibXenevtchn.xenevtchnUnbind(opened(), port) < 0) {
            throw new GrantException("cannot unbind event channel " + port, Native.getLastError());
        }
        bound.clear(port);
        missed.clear(port);
    }

    @Override
    public void close() {
        if (handle != 0) {
            LibXenevtchn.xenevtchnClose(handle);
            handle = 0;
        }
    }

    private int nextMissed() {
        int port = missed.nextSetBit(0);
        if (port >= 0) {
            missed.clear(port);
        }
        return port;
    }

    /** The reset comes before the ports are named again: what fires from here on is in the ring again. */
    private void reset() {
        if (LibC.ioctl(fd, IOCTL_EVTCHN_RESET, 0) < 0) {
            throw new GrantException("cannot reset /dev/xen/evtchn", Native.getLastError());
        }
        missed.or(bound);
    }

    /** The handle; a closed one must not reach the library, which would follow it. */
    private long opened() {
        if (handle == 0) {
            throw new IllegalStateException("the event channels are closed");
        }
        return handle;
    }
}
