// SPDX-License-Identifier: Apache-2.0

/**
 * The daemons of several hosts that share images: each asks the others before it opens one, where no lock reaches them
 * all. One rule makes it safe: an image is opened only after every peer that shares it has answered, to a request made
 * for this very opening, that it neither has the image open nor is about to open it; and a peer that has so answered
 * must ask in turn before it opens. Who has an image is not stored anywhere, so that a crash leaves nothing to repair.
 * {@link org.blkbackd.blkback.migration.ImageClaims} is that rule, without I/O and without a clock.
 */
package org.blkbackd.blkback.migration;
