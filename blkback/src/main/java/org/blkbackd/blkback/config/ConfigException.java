// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import java.util.List;

/** Settings that cannot be used, with everything that is wrong with them. */
public final class ConfigException extends Exception {

    private final List<String> problems;

    /** {@code problems}: at least one, each a line for an administrator, in the order of the file. */
    ConfigException(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    /** One line each: where it stands, what it says, what is allowed. Free of control characters. */
    public List<String> problems() {
        return problems;
    }
}
