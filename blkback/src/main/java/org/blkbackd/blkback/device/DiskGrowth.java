// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.function.Consumer;
import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.Measured;
import org.blkbackd.xenstore.XenstoreException;

/**
 * Online growth of one vbd's disk: measures the image while the guest uses it, and on request; lets requests reach the
 * new part, then tells the guest. A guest cannot be told of a smaller disk, so that is only said in the log. Owned by
 * the conductor.
 */
final class DiskGrowth {

    /** How a measurement ended: {@code failure}, or the disk's size now in 512-byte units. */
    record Outcome(long sectors, String failure) {
    }

    private final BackendArea backend;
    private final Storage storage;
    private final VbdLog log;
    private DataPath data;
    private boolean measuring;
    private boolean shrunk;
    /** The guest has not been told yet. */
    private boolean owed;

    DiskGrowth(BackendArea backend, Storage storage, VbdLog log) {
        this.backend = backend;
        this.storage = storage;
        this.log = log;
    }

    /** Requests flow on this connection from now on; null for none. */
    void watch(DataPath connection) {
        data = connection;
        measuring = false;
        shrunk = false;
        owed = false;
    }

    /** The disk is in use: has it grown? At most one measurement at a time, storage may be slow. */
    void look() {
        if (data != null && !measuring) {
            measuring = true;
            resize(0, outcome -> measuring = false);
        }
    }

    /** @param bytes to make the image larger first; 0 when its size is just to be looked at */
    void resize(long bytes, Consumer<Outcome> then) {
        DataPath measured = data;
        if (measured == null) {
            then.accept(new Outcome(0, "no guest is connected to it, so the image is not open; its size is read when"
                + " one connects"));
            return;
        }
        storage.measure(measured.disk(), bytes, (result, failure) -> {
            if (measured != data) {
                then.accept(new Outcome(0, "the guest disconnected meanwhile"));
            } else {
                then.accept(onMeasured(result, failure));
            }
        });
    }

    private Outcome onMeasured(Measured result, DiskException failure) {
        if (failure != null) {
            log.warn(failure.getMessage());
            return new Outcome(0, failure.getMessage());
        }
        if (result.shrunk() && !shrunk) {
            log.error(data.config().target() + " has shrunk to " + result.storageBytes() + " bytes; the guest cannot be"
                + " told, and what it reads or writes beyond fails");
        }
        shrunk = result.shrunk();
        if (data.grow()) {
            owed = true;
            publish();
        }
        return new Outcome(data.sectors(), null);
    }

    /** The guest was told of a smaller disk by another process. */
    void owe() {
        owed = true;
    }

    /** The guest is still to be told. */
    boolean isOwed() {
        return owed;
    }

    /** Tells the guest, if that is still to be done. A frontend that leaves state 4 meanwhile need not know. */
    void publish() {
        if (!owed) {
            return;
        }
        try {
            if (backend.publishSize(data.sectors())) {
                log.info(data.config().target() + " has grown to " + data.sectors() + " sectors");
            }
            owed = false;
        } catch (XenstoreException e) {
            log.warn("the guest is not told of the new size yet: " + e.getMessage());
        }
    }
}
