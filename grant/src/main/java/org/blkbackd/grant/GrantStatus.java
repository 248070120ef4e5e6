// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

/** Status of a grant operation, as in xen/include/public/grant_table.h. */
public final class GrantStatus {

    /** GNTST_okay. */
    public static final int OKAY = 0;
    /** GNTST_general_error. Xen says this, too, of a reference that is not granted to the caller. */
    public static final int GENERAL_ERROR = -1;
    /** GNTST_bad_domain. */
    public static final int BAD_DOMAIN = -2;
    /** GNTST_bad_gntref. */
    public static final int BAD_GRANT_REF = -3;
    /** GNTST_permission_denied. */
    public static final int PERMISSION_DENIED = -8;
    /** GNTST_bad_page. */
    public static final int BAD_PAGE = -9;
    /** GNTST_bad_copy_arg. */
    public static final int BAD_COPY_ARG = -10;
    /** GNTST_eagain. */
    public static final int EAGAIN = -12;
    /** GNTST_no_space: the smallest status there is. */
    public static final int NO_SPACE = -13;

    private GrantStatus() {
    }
}
