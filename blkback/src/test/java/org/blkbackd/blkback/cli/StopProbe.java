// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.cli;

/** A process of its own for {@link StopOnSignalTest}: what the first argument says happens. */
final class StopProbe {

    private StopProbe() {
    }

    public static void main(String[] args) throws Exception {
        StopOnSignal.serve(() -> start(args[0]));
    }

    private static AutoCloseable start(String what) throws Exception {
        if (what.equals("slow-start")) {
            System.out.println("ready");
            Thread.sleep(500);
        } else if (what.equals("failing-start")) {
            throw new IllegalStateException("cannot start");
        } else {
            System.out.println("ready");
        }
        return () -> {
            System.out.println("closed");
            if (what.equals("failing-close")) {
                throw new IllegalStateException("cannot close");
            }
        };
    }
}
