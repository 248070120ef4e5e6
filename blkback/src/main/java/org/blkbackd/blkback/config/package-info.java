// SPDX-License-Identifier: Apache-2.0

/**
 * Settings: read, bound, validated, immutable. They are hostile until
 * {@link org.blkbackd.blkback.config.ConfigLoader} has looked at all of them; every fault is told at once, with its
 * place.
 */
package org.blkbackd.blkback.config;
