// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/**
 * How long a toolstack waits.
 *
 * @param initMs    for backend state 2 (LIBXL_INIT_TIMEOUT)
 * @param scriptMs  for the daemon's word in the hot-plug script
 * @param destroyMs for backend state 6 (LIBXL_DESTROY_TIMEOUT)
 */
public record ToolstackTimeouts(long initMs, long scriptMs, long destroyMs) {

    /** Those of libxl and of our script. */
    public static final ToolstackTimeouts LIBXL = new ToolstackTimeouts(10_000, 4_000, 10_000);
}
