// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * The devices of a daemon, as the control socket and the metrics see them. Implemented by the daemon; called from any
 * thread, returns at once, and the answer comes on whatever thread has it. An answer may also never come: the caller
 * has a time-out.
 */
public interface ControlledDevices {

    /** Every device there is, in order of name. */
    CompletableFuture<List<DeviceView>> devices();

    /** What every connected device has done so far. */
    CompletableFuture<List<DeviceStats>> stats();

    /** What the workers that serve them have cost. */
    CompletableFuture<CrossingStats> crossings();

    /**
     * Makes a disk larger while a guest is connected to it, and tells the guest.
     *
     * @param name  of a device that {@link #devices} told
     * @param bytes the size that an image file is to have; empty: measure what the image has now
     * @return the size in effect, in bytes; or a {@link ControlException} that says why not
     */
    CompletableFuture<Long> resize(String name, OptionalLong bytes);

    /**
     * Tries again, now, what a device holds because the storage failed it.
     *
     * @param name of a device that {@link #devices} told
     * @return how many requests that are; or a {@link ControlException} that says why none can be
     */
    CompletableFuture<Integer> retry(String name);

    /**
     * Limits what may be asked of a device's disk, for as long as the device is there.
     *
     * @param name  of a device that {@link #devices} told
     * @param words such as {@code iops=500,bandwidth=50M}, {@code none}, or {@code default} for what its target and the
     *              settings say; null changes nothing
     * @return the limits in effect, in such words; or a {@link ControlException} that says why not
     */
    CompletableFuture<String> limit(String name, String words);
}
