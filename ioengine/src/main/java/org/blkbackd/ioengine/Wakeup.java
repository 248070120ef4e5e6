// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/** Rouses the thread that owns an engine. Cheap when it is awake; safe from any thread. */
@FunctionalInterface
public interface Wakeup {

    /** Makes the owner look again soon. */
    void wake();
}
