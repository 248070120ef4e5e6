// SPDX-License-Identifier: Apache-2.0

/**
 * The blkif protocol as pure code: layouts, ring indices, request validation. Knows no thread, no descriptor and no
 * disk; the sources are xen/include/public/io/blkif.h and ring.h.
 */
package org.blkbackd.blkback.blkif;
