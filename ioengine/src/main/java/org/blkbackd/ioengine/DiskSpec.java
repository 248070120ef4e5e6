// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * A parsed disk address: {@code direct:/dev/vg/lv}, {@code buffered:/srv/a.img}, {@code memory:64M}, or a bare absolute
 * path for the configured default.
 *
 * @param scheme lower case; {@link #DEFAULT} for a bare path
 * @param target what follows the colon, or the whole bare path
 */
public record DiskSpec(String scheme, String target) {

    /** The scheme of a bare path. */
    public static final String DEFAULT = "";

    /** Parses an address. Whether the scheme exists is the business of {@link Disks}. */
    public static DiskSpec parse(String text) {
        if (text.startsWith("/")) {
            return new DiskSpec(DEFAULT, text);
        }
        int colon = text.indexOf(':');
        if (colon <= 0 || colon == text.length() - 1) {
            throw new DiskException(DiskException.Kind.BAD_SPEC, "\"" + text
                + "\" is not a disk: give an absolute path, or SCHEME:TARGET such as direct:/srv/a.img");
        }
        return new DiskSpec(text.substring(0, colon), text.substring(colon + 1));
    }

    @Override
    public String toString() {
        return scheme.equals(DEFAULT) ? target : scheme + ":" + target;
    }
}
