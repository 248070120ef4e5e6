// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import com.sun.jna.Native;

/** Direct-mapped JNA declarations of the granting half of xengnttab.h; no logic. */
final class LibXengntshr {

    static {
        Native.register(LibXengntshr.class, XenLibrary.GNTTAB.load());
    }

    private LibXengntshr() {
    }

    /** Returns 0 on failure. */
    static native long xengntshrOpen(long logger, int flags);

    static native int xengntshrClose(long handle);

    /** {@code refs} points to uint32_t[count] to fill; returns 0 on failure. */
    static native long xengntshrSharePages(long handle, int domid, int count, long refs, int writable);

    static native int xengntshrUnshare(long handle, long address, int count);
}
