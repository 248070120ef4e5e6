// SPDX-License-Identifier: Apache-2.0

/**
 * Named places where a test can have the process die or a step fail. Off, and free, unless the JVM is started with the
 * property {@code blkbackd.faults}.
 */
package org.blkbackd.blkback.fault;
