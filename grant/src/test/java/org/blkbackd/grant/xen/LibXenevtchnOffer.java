// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import com.sun.jna.Native;

/** The one function of xenevtchn.h that only the offering end needs; no logic. */
final class LibXenevtchnOffer {

    static {
        Native.register(LibXenevtchnOffer.class, XenLibrary.EVTCHN.load());
    }

    private LibXenevtchnOffer() {
    }

    /** Returns the port, or -1. */
    static native int xenevtchnBindUnboundPort(long handle, int domid);
}
