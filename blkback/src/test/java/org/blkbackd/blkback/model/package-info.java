// SPDX-License-Identifier: Apache-2.0

/**
 * The whole service under random and hostile use. {@link org.blkbackd.blkback.model.ModelHost} is a simulated host with
 * the real daemon in it; LegalGuest and
 * HostileGuest live on it, a step at a time, as
 * ModelWalk has drawn them from a seed. {@code HandshakeSpaceTest} is the other
 * level: every situation the pure state machine can reach.
 */
package org.blkbackd.blkback.model;
