// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.util.List;

/** Somebody on the host, who does one thing at a time. What he can do next depends on what he did before. */
interface Actor extends AutoCloseable {

    /** What he can do now; more often what is there more often. */
    List<String> choices();

    /** Does one of his {@link #choices}; {@code dice} decides its details. Throws what a rule was broken with. */
    void act(String choice, long dice);

    /** Brings to an end what he began, in the time libxl and kernels give it. */
    default void settle() {
    }

    /** Leaves the host and takes everything along. */
    @Override
    void close();
}
