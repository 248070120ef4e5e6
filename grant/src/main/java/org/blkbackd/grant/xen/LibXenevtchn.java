// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import com.sun.jna.Native;

/**
 * Direct-mapped JNA declarations of xenevtchn.h; no logic. Handles are long. After a negative return
 * {@code Native.getLastError()} is errno.
 */
final class LibXenevtchn {

    static {
        Native.register(LibXenevtchn.class, XenLibrary.EVTCHN.load());
    }

    private LibXenevtchn() {
    }

    /** Returns 0 on failure. */
    static native long xenevtchnOpen(long logger, int flags);

    static native int xenevtchnClose(long handle);

    static native int xenevtchnFd(long handle);

    /** Returns the local port. */
    static native int xenevtchnBindInterdomain(long handle, int domid, int remotePort);

    static native int xenevtchnUnbind(long handle, int port);

    static native int xenevtchnNotify(long handle, int port);

    /** Returns a port: one read(2) of 4 bytes. */
    static native int xenevtchnPending(long handle);

    /** One write(2) of 4 bytes. */
    static native int xenevtchnUnmask(long handle, int port);
}
