// SPDX-License-Identifier: Apache-2.0

/**
 * The whole service under random and hostile use. {@link org.blkbackd.blkback.model.ModelHost} is a simulated host with
 * the real daemon in it; guests that keep the rules and guests that do not live on it, a step at a time, as
 * {@link org.blkbackd.blkback.model.ModelWalk} has drawn them from a seed.
 */
package org.blkbackd.blkback.model;
