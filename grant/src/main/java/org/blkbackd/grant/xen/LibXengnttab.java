// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import com.sun.jna.Native;

/**
 * Direct-mapped JNA declarations of xengnttab.h; no logic. Handles and addresses are long. After a failure
 * {@code Native.getLastError()} is errno.
 */
final class LibXengnttab {

    static {
        Native.register(LibXengnttab.class, XenLibrary.GNTTAB.load());
    }

    private LibXengnttab() {
    }

    /** Returns 0 on failure. */
    static native long xengnttabOpen(long logger, int flags);

    static native int xengnttabClose(long handle);

    /** {@code refs} points to uint32_t[count]; returns 0 on failure. */
    static native long xengnttabMapDomainGrantRefs(long handle, int count, int domid, long refs, int protection);

    static native int xengnttabUnmap(long handle, long address, int count);

    /** {@code segments} points to struct xengnttab_grant_copy_segment[count]. */
    static native int xengnttabGrantCopy(long handle, int count, long segments);
}
