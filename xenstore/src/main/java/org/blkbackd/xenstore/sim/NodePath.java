// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Rules of node names. */
final class NodePath {

    /** {@code XENSTORE_REL_PATH_MAX}: counted from behind /local/domain/N/ where a path begins so. */
    static final int LONGEST = 2048;

    private static final Pattern CHARACTERS = Pattern.compile("[A-Za-z0-9\\-/_@]*");
    private static final Pattern HOME = Pattern.compile("/local/domain/\\d{1,5}/");

    private NodePath() {
    }

    static boolean isValid(String path) {
        return path.startsWith("/") && (path.equals("/") || !path.endsWith("/")) && !path.contains("//")
                && path.length() <= homeLength(path) + LONGEST && CHARACTERS.matcher(path).matches();
    }

    private static int homeLength(String path) {
        Matcher home = HOME.matcher(path);
        return home.lookingAt() ? home.end() : 0;
    }

    static boolean isSpecial(String path) {
        return path.startsWith("@");
    }

    /** An absolute path: a relative one begins at the domain's home. */
    static String absolute(String path, int domid) {
        return path.startsWith("/") || isSpecial(path) ? path : home(domid) + "/" + path;
    }

    static String home(int domid) {
        return "/local/domain/" + domid;
    }

    static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash <= 0 ? "/" : path.substring(0, slash);
    }

    static String lastPart(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    static String child(String path, String name) {
        return path.equals("/") ? "/" + name : path + "/" + name;
    }

    /** Whether a path is the ancestor or below it. */
    static boolean isAtOrBelow(String path, String ancestor) {
        return ancestor.equals("/") || path.equals(ancestor) || path.startsWith(ancestor + "/");
    }
}
