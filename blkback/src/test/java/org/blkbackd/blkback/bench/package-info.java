// SPDX-License-Identifier: Apache-2.0

/**
 * Micro-benchmarks of parts of the data path, run by {@code packaging/bench/run.sh jmh}. No tests: the build compiles
 * them and runs none. Each figure is nanoseconds for one request or page, in batches as a worker's pass makes them.
 */
package org.blkbackd.blkback.bench;
