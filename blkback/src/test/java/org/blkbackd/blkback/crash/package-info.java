// SPDX-License-Identifier: Apache-2.0

/**
 * The daemon dies, in a process of its own, and its guests, in this one, must not notice: every request is answered
 * exactly once, what was acknowledged is there, and nobody sleeps for ever. What is no test compiles without JUnit, for
 * {@code packaging/bench/crash.sh}.
 */
package org.blkbackd.blkback.crash;
