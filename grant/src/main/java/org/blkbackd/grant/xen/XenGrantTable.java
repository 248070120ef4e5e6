// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import org.blkbackd.grant.Errno;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.MappedPages;

/**
 * The grant table over libxengnttab (/dev/xen/gntdev). The library's handle is closed with the last of this object, its
 * mappings and its copies, since closing it unmaps whatever is left.
 */
public final class XenGrantTable implements GrantTable {

    private static final int PROT_READ_WRITE = 1 | 2;

    private final long handle;
    private int users = 1;
    private boolean closed;

    private XenGrantTable(long handle) {
        this.handle = handle;
    }

    /**
     * Opens the device.
     *
     * @throws GrantException saying what is missing: the library, or the device
     */
    public static XenGrantTable open() {
        XenLibrary.GNTTAB.load();
        long handle = LibXengnttab.xengnttabOpen(0, 0);
        if (handle == 0) {
            throw new GrantException(
                "cannot open /dev/xen/gntdev (is xen-gntdev loaded, are we in a Xen domain, are we root?)",
                Native.getLastError());
        }
        return new XenGrantTable(handle);
    }

    @Override
    public GrantMapping map(int domid, int[] grantRefs) {
        int count = grantRefs.length;
        // The kernel would cut the domid to 16 bits and map another domain's pages.
        if (count == 0 || domid >>> 16 != 0) {
            throw GrantException.ofMap(domid, grantRefs, Errno.EINVAL);
        }
        retain();
        Memory refs = new Memory(4L * count);
        refs.write(0, grantRefs, 0, count);
        long address = LibXengnttab.xengnttabMapDomainGrantRefs(handle, count, domid, Pointer.nativeValue(refs),
            PROT_READ_WRITE);
        int errno = Native.getLastError();
        refs.close();
        if (address == 0) {
            release();
            throw GrantException.ofMap(domid, grantRefs, errno);
        }
        return new MappedPages(address, (long) count * PAGE_SIZE, () -> unmap(address, count));
    }

    @Override
    public GrantCopy newCopy(GrantCopy.Direction direction, int capacity) {
        XenGrantCopy copy = new XenGrantCopy(this, direction, capacity);
        retain();
        return copy;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        release();
    }

    long handle() {
        return handle;
    }

    synchronized void release() {
        if (--users == 0) {
            LibXengnttab.xengnttabClose(handle);
        }
    }

    private synchronized void retain() {
        if (closed) {
            throw new IllegalStateException("the grant table is closed");
        }
        users++;
    }

    private void unmap(long address, int count) {
        int result = LibXengnttab.xengnttabUnmap(handle, address, count);
        int errno = Native.getLastError();
        release();
        if (result < 0) {
            throw new GrantException("cannot unmap " + count + " grants", errno);
        }
    }
}
