// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.Arrays;
import org.blkbackd.grant.Errno;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.GrantStatus;
import org.blkbackd.grant.GrantTable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failures on demand, set through one hypervisor object and striking in another, as between processes. */
class SimFaultsTest {

    @TempDir
    private Path folder;
    private SimHypervisor backend;
    private SimHypervisor tester;
    private SimFaults faults;
    private SimDomain guest;
    private GrantTable table;
    private int ref;

    @BeforeEach
    void open() {
        backend = SimHypervisor.open(folder);
        tester = SimHypervisor.open(folder);
        faults = tester.faults();
        guest = tester.domain(5);
        table = backend.grantTable(0);
        ref = guest.grant(0, guest.allocatePage(), false);
    }

    @AfterEach
    void close() {
        backend.close();
        tester.close();
    }

    @Test
    void failsMapsOfAGrantSomeTimes() {
        int good = guest.grant(0, guest.allocatePage(), false);
        faults.failMap(5, ref, Errno.ENOMEM, 2);
        table.map(5, new int[] {good}).close();
        assertEquals(Errno.ENOMEM, mapErrno(good, ref));
        assertEquals(0, guest.mappedGrants());
        assertEquals(Errno.ENOMEM, mapErrno(ref));
        assertEquals(0, mapErrno(ref));
    }

    @Test
    void failsCopiesOfAGrantForEver() {
        faults.failCopy(5, ref, GrantStatus.EAGAIN, SimFaults.FOREVER);
        for (int i = 0; i < 100; i++) {
            assertEquals(GrantStatus.EAGAIN, copyStatus());
        }
        faults.clear();
        assertEquals(GrantStatus.OKAY, copyStatus());
    }

    @Test
    void reportsEveryStatusThatXenKnows() {
        for (int status = GrantStatus.NO_SPACE; status < 0; status++) {
            faults.failCopy(5, ref, status, 1);
            assertEquals(status, copyStatus());
        }
        assertEquals(GrantStatus.OKAY, copyStatus());
    }

    @Test
    void failsTheNextCallOnly() {
        faults.failNext(SimFaults.Call.MAP, Errno.EINTR);
        assertEquals(Errno.EINTR, mapErrno(ref));
        assertEquals(0, mapErrno(ref));
        faults.failNext(SimFaults.Call.COPY, Errno.EFAULT);
        assertEquals(-Errno.EFAULT, copyResult());
        assertEquals(0, copyResult());
        EventChannels channels = backend.eventChannels(0);
        int port = guest.allocUnbound(0);
        faults.failNext(SimFaults.Call.BIND, Errno.ENOSPC);
        assertEquals(Errno.ENOSPC,
            assertThrows(GrantException.class, () -> channels.bindInterdomain(5, port)).errno());
        channels.bindInterdomain(5, port);
    }

    @Test
    void failsTheNthCallAndThoseAfterIt() {
        faults.failCalls(SimFaults.Call.MAP, 3, Errno.ENOMEM, 2);
        int[] seen = {mapErrno(ref), mapErrno(ref), mapErrno(ref), mapErrno(ref), mapErrno(ref)};
        assertEquals("[0, 0, 12, 12, 0]", Arrays.toString(seen));
    }

    @Test
    void forgetsSpentFaults() {
        for (int i = 0; i < 1000; i++) {
            faults.failNext(SimFaults.Call.COPY, Errno.ENOMEM);
            assertEquals(-Errno.ENOMEM, copyResult());
        }
        assertEquals(0, copyResult());
    }

    @Test
    void refusesFaultsThatNeverStrike() {
        assertThrows(IllegalArgumentException.class, () -> faults.failMap(5, ref, Errno.ENOMEM, 0));
        assertThrows(IllegalArgumentException.class, () -> faults.failCalls(SimFaults.Call.MAP, 0, 1, 1));
    }

    private int mapErrno(int... refs) {
        try {
            table.map(5, refs).close();
            return 0;
        } catch (GrantException e) {
            return e.errno();
        }
    }

    private int copyResult() {
        try (GrantCopy copy = table.newCopy(GrantCopy.Direction.FROM_GUEST, 1)) {
            copy.add(5, ref, 0, guest.allocatePage().address(), 16);
            return copy.execute();
        }
    }

    private int copyStatus() {
        try (GrantCopy copy = table.newCopy(GrantCopy.Direction.FROM_GUEST, 1)) {
            copy.add(5, ref, 0, guest.allocatePage().address(), 16);
            assertEquals(0, copy.execute());
            return copy.status(0);
        }
    }
}
