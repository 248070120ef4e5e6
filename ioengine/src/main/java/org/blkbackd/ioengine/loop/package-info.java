// SPDX-License-Identifier: Apache-2.0

/** The loop that needs nothing of the kernel but poll(2), and what every loop is woken by. */
package org.blkbackd.ioengine.loop;
