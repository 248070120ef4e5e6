// SPDX-License-Identifier: Apache-2.0

/**
 * The counts of every connected disk for Prometheus, over HTTP on a unix socket or a loopback port. Off unless it is
 * configured. The text is made by Prometheus' own library, which escapes labels, and which is loaded at the first
 * question.
 */
package org.blkbackd.blkback.metrics;
