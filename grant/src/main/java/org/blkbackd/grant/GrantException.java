// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

import java.util.StringJoiner;

/** A failed map, bind or open of a hypervisor interface: the message names what was asked for, errno says why. */
public final class GrantException extends RuntimeException {

    private static final int NAMED_REFS = 16;

    private final int errno;

    /** {@code what} is the operation with its operands, {@code errno} positive as in errno.h, 0 where there is none. */
    public GrantException(String what, int errno) {
        super(errno == 0 ? what : what + ": errno " + errno);
        this.errno = errno;
    }

    /** A refused map. A guest chose the references, so the message keeps to the first few. */
    public static GrantException ofMap(int domid, int[] grantRefs, int errno) {
        StringJoiner list = new StringJoiner(" ");
        for (int i = 0; i < Math.min(grantRefs.length, NAMED_REFS); i++) {
            list.add(Integer.toUnsignedString(grantRefs[i]));
        }
        String more = grantRefs.length > NAMED_REFS ? " and " + (grantRefs.length - NAMED_REFS) + " more" : "";
        return new GrantException("cannot map grants " + list + more + " of domain " + domid, errno);
    }

    /** A refused binding of {@code remotePort}, unsigned, which a guest chose. */
    public static GrantException ofBind(int domid, int remotePort, int errno) {
        return new GrantException(
            "cannot bind event channel " + Integer.toUnsignedString(remotePort) + " of domain " + domid, errno);
    }

    /** Positive errno, or 0. */
    public int errno() {
        return errno;
    }
}
