// SPDX-License-Identifier: Apache-2.0

/**
 * What {@code xentop} shows of our disks. libxenstat reads one file a disk for kind vbd3, whose layout is its own; the
 * stub device model ({@code blkbackd-stub-dm}) reads the same files and answers libxenstat's QMP queries for kind qdisk
 * from them (xenstat_qmp.c). Kind vbd it reads from sysfs (xenstat_linux.c), which only xen-blkback can provide.
 */
package org.blkbackd.blkback.statistics;
