// SPDX-License-Identifier: Apache-2.0

/** The loop that needs nothing of the kernel but poll(2). */
package org.blkbackd.ioengine.loop;
