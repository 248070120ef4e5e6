// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

/** What a frontend or the toolstack wrote cannot be used. The message is one line: which node, its value, why. */
public final class XenbusFault extends RuntimeException {

    /** Invalid argument, as in errno.h. */
    static final int EINVAL = 22;
    private static final int SHOWN = 64;

    private final int errno;

    /** {@code errno} as in errno.h, for the error node. */
    public XenbusFault(int errno, String message) {
        super(message);
        this.errno = errno;
    }

    /** A node whose value is not one of {@code allowed}. EINVAL. */
    static XenbusFault badValue(String path, String value, String allowed) {
        return new XenbusFault(EINVAL, path + " is " + show(value) + ", must be " + allowed);
    }

    /** Positive errno. */
    public int errno() {
        return errno;
    }

    /** A value that may be anything, fit for one line. */
    static String show(String value) {
        if (value == null) {
            return "missing";
        }
        String cut = value.length() > SHOWN ? value.substring(0, SHOWN) + "..." : value;
        return "\"" + cut.replaceAll("\\p{Cntrl}", "?") + "\"";
    }
}
