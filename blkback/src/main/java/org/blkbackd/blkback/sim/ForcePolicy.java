// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/** How libxl removes a device (libxl_internal.h, LIBXL__FORCE_*). */
public enum ForcePolicy {
    /** {@code xl block-detach}: asks, and gives up when the backend is not at 6 in time. */
    OFF,
    /** What the end of a domain falls back to: asks, and then forces. */
    AUTO,
    /** {@code xl block-detach --force}, {@code xl destroy}: the frontend's directory goes first, the rest anyway. */
    ON
}
