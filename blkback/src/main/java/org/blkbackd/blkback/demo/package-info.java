// SPDX-License-Identifier: Apache-2.0

/**
 * {@code blkbackd demo}: the whole service on a machine without Xen. A simulated hypervisor, xenstored, toolstack and
 * guest around the real daemon and a real image file, with every byte verified.
 */
package org.blkbackd.blkback.demo;
