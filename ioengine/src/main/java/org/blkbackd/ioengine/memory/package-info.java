// SPDX-License-Identifier: Apache-2.0

/**
 * Disks without storage: {@code memory:64M} keeps its data until it is closed, {@code null:1T} moves no data at all.
 * For demonstrations, tests, and for measuring what everything but the storage costs.
 */
package org.blkbackd.ioengine.memory;
