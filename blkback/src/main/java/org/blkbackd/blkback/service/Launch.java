// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import java.util.List;
import org.blkbackd.blkback.config.BlkbackConfig;

/**
 * How a daemon is started.
 *
 * @param arguments of {@code blkbackd serve} that say the same once more, for its successor
 */
public record Launch(BlkbackConfig config, Mode mode, List<String> arguments) {

    /** What becomes of a daemon that runs already. */
    public enum Mode {
        /** There must be none. */
        SERVE,
        /** It hands over everything, if there is one. */
        TAKE_OVER,
        /** It is asked what would be in the way. */
        CHECK
    }
}
