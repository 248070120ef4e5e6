// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.function.Consumer;

/**
 * Who else may have an image open, where its lock does not reach: asked before every opening, told after every closing.
 * Called on the conductor's thread, so each method returns at once.
 *
 * <pre>
 *   claim - granted - opened - released                        the guest has let go, or the daemon leaves
 *                            - parked - claim - granted ...    the guest is suspended, and goes on after all
 *                            - parked - released               or does not: it is gone, or now on another host
 *           granted ---------- released                        it could not be opened, or was not wanted any more
 *           refused                                            it is claimed again in a while
 * </pre>
 *
 * <p>From {@code granted} to {@code parked} or {@code released} the image is open here, or may be at any moment.
 */
public interface Claims {

    /** No other host: everything is granted at once. */
    Claims NONE = new Claims() {
        @Override
        public void check(String target, String name, Consumer<String> then) {
            then.accept("");
        }

        @Override
        public void claim(Claim wanted, Consumer<ClaimResult> then) {
            then.accept(ClaimResult.GRANTED);
        }

        @Override
        public void opened(Claim claim) {
            // nobody asks
        }

        @Override
        public void released(Claim claim) {
            // nobody waits
        }

        @Override
        public void parked(Claim left) {
            // nobody waits
        }
    };

    /**
     * An image may be opened some time, for a guest that does not exist yet or is still on another host.
     *
     * @param target the disk without its options
     * @param name   what the image is called on every host, or null
     * @param then   told once, on any thread, now or in a while: why no claim to it would ever be granted, one line; or
     *               an empty one
     */
    void check(String target, String name, Consumer<String> then);

    /**
     * The image is to be opened. Each claim is new: what was granted before has ended with {@link #released} or
     * {@link #parked}.
     *
     * @param then told once, on any thread, now or later
     */
    void claim(Claim wanted, Consumer<ClaimResult> then);

    /** What was granted has been used: the image is open. */
    void opened(Claim claim);

    /** The image is closed and its lock free; the guest, if there is one, does not need us any more. */
    void released(Claim claim);

    /**
     * The image is flushed and closed and its lock free, while the guest is suspended.
     *
     * @param left says how the guest was left, which is what it must find again wherever it goes on
     */
    void parked(Claim left);
}
