// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.WatchListener;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.XenstoreOps;

/**
 * A connection of toolstack or guest that tries again after faults of xenstored: it is the daemon that shall notice
 * them. All that is done through it may be done twice.
 */
final class PatientXenstore implements Xenstore {

    private static final int TRIES = 200;

    private final Xenstore xenstore;

    PatientXenstore(Xenstore xenstore) {
        this.xenstore = xenstore;
    }

    private static <T> T patiently(Supplier<T> call) {
        for (int tries = 1; ; tries++) {
            try {
                return call.get();
            } catch (XenstoreException e) {
                if (tries == TRIES || !e.isConnectionLost() && !e.error().equals("EAGAIN")) {
                    throw e;
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(10);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void patiently(Runnable call) {
        patiently(() -> {
            call.run();
            return null;
        });
    }

    @Override
    public String read(String path) {
        return patiently(() -> xenstore.read(path));
    }

    @Override
    public String readOrNull(String path) {
        return patiently(() -> xenstore.readOrNull(path));
    }

    @Override
    public void write(String path, String value) {
        patiently(() -> xenstore.write(path, value));
    }

    @Override
    public void mkdir(String path) {
        patiently(() -> xenstore.mkdir(path));
    }

    @Override
    public List<String> directory(String path) {
        return patiently(() -> xenstore.directory(path));
    }

    @Override
    public void remove(String path) {
        patiently(() -> xenstore.remove(path));
    }

    @Override
    public List<Permission> permissions(String path) {
        return patiently(() -> xenstore.permissions(path));
    }

    @Override
    public void setPermissions(String path, List<Permission> permissions) {
        patiently(() -> xenstore.setPermissions(path, permissions));
    }

    @Override
    public <T> T transact(Function<XenstoreOps, T> work) {
        return patiently(() -> xenstore.transact(work));
    }

    @Override
    public <T> T transact(int tries, Function<XenstoreOps, T> work) {
        return patiently(() -> xenstore.transact(tries, work));
    }

    @Override
    public Watch watch(String path, WatchListener listener) {
        Watch watch = patiently(() -> xenstore.watch(path, listener));
        return () -> patiently(watch::close);
    }

    @Override
    public void close() {
        xenstore.close();
    }
}
