// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import com.sun.jna.FunctionMapper;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import java.util.Locale;
import java.util.Map;
import org.blkbackd.grant.GrantException;

/** The Xen libraries that are used here: their file, Debian's package, and how our names spell theirs. */
enum XenLibrary {

    GNTTAB("libxengnttab.so.1", "libxengnttab1"),
    EVTCHN("libxenevtchn.so.1", "libxenevtchn1");

    /** {@code xenevtchnBindInterdomain} stands for {@code xenevtchn_bind_interdomain}. */
    private static final FunctionMapper SNAKE_CASE = (library, method) ->
        method.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);

    private final String file;
    private final String debianPackage;

    XenLibrary(String file, String debianPackage) {
        this.file = file;
        this.debianPackage = debianPackage;
    }

    /** Loads the library, once. */
    NativeLibrary load() {
        try {
            return NativeLibrary.getInstance(file, Map.of(Library.OPTION_FUNCTION_MAPPER, SNAKE_CASE));
        } catch (UnsatisfiedLinkError e) {
            throw new GrantException(file + " is not installed: apt install " + debianPackage, 0);
        }
    }
}
