// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore;

/**
 * One entry of a node's permissions, as on the wire: {@code n0}, {@code r3}, {@code w3}, {@code b3}.
 *
 * <p>The first entry of a list names the owner, and what every domain that has no entry of its own may do.
 */
public record Permission(Access access, int domid) {

    /** What an entry allows. */
    public enum Access {
        NONE('n'), READ('r'), WRITE('w'), BOTH('b');

        private final char letter;

        Access(char letter) {
            this.letter = letter;
        }
    }

    /** Parses {@code r3}. Throws IllegalArgumentException for anything else. */
    public static Permission parse(String text) {
        for (Access access : Access.values()) {
            if (!text.isEmpty() && text.charAt(0) == access.letter) {
                return new Permission(access, Integer.parseInt(text.substring(1)));
            }
        }
        throw new IllegalArgumentException("not a xenstore permission: " + text);
    }

    @Override
    public String toString() {
        return access.letter + Integer.toString(domid);
    }
}
