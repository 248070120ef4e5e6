// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

/** Linux's error numbers (asm-generic/errno.h) that this module reports or tells apart. */
public final class Errno {

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EFAULT = 14;
    public static final int EINVAL = 22;
    public static final int EFBIG = 27;
    public static final int ENOSPC = 28;
    public static final int ENOTCONN = 107;

    private Errno() {
    }
}
