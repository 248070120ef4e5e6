// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

import static org.blkbackd.grant.EventChannels.NONE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link EventChannels} promises. */
public abstract class EventChannelsContract {

    private static final int NO_DOMAIN = 32000;
    private static final int PATIENCE_MS = 10_000;

    private GuestSide guest;
    private EventChannels channels;

    protected abstract GuestSide newGuest();

    /** The domain under test. */
    protected abstract int ourDomid();

    protected abstract EventChannels newChannels();

    @BeforeEach
    void open() {
        guest = newGuest();
        channels = newChannels();
    }

    @AfterEach
    void close() {
        if (channels != null) {
            channels.close();
        }
        if (guest != null) {
            guest.close();
        }
    }

    @Test
    void aNewPortIsPendingOnce() {
        assertEquals(NONE, channels.pending());
        int port = channels.bindInterdomain(guest.domid(), guest.allocUnbound(ourDomid()));
        assertEquals(port, awaitPending());
        assertEquals(NONE, channels.pending());
        channels.unmask(port);
        assertEquals(NONE, channels.pending());
    }

    @Test
    void anEventThatCameBeforeTheBindingIsNotLost() {
        int theirs = guest.allocUnbound(ourDomid());
        guest.notify(theirs);
        assertEquals(channels.bindInterdomain(guest.domid(), theirs), awaitPending());
    }

    @Test
    void deliversAnEventAndMasksThePort() {
        int theirs = guest.allocUnbound(ourDomid());
        int port = quietPort(theirs);
        guest.notify(theirs);
        assertEquals(port, awaitPending());
        assertEquals(NONE, channels.pending());
    }

    @Test
    void remembersAnEventWhileThePortIsMasked() {
        int theirs = guest.allocUnbound(ourDomid());
        int port = quietPort(theirs);
        guest.notify(theirs);
        assertEquals(port, awaitPending());
        guest.notify(theirs);
        guest.notify(theirs);
        assertEquals(NONE, channels.pending());
        channels.unmask(port);
        assertEquals(port, awaitPending());
        channels.unmask(port);
        assertEquals(NONE, channels.pending());
    }

    @Test
    void notifiesTheGuest() {
        int theirs = guest.allocUnbound(ourDomid());
        int port = channels.bindInterdomain(guest.domid(), theirs);
        channels.notify(port);
        assertTrue(Poll.readable(guest.fd(), PATIENCE_MS));
        assertEquals(theirs, guest.pending());
        guest.unmask(theirs);
        assertEquals(NONE, guest.pending());
    }

    @Test
    void theDescriptorIsReadableWhileAPortIsPending() {
        int theirs = guest.allocUnbound(ourDomid());
        int port = quietPort(theirs);
        assertEquals(NONE, channels.pending());
        assertFalse(Poll.readable(channels.fd(), 0));
        guest.notify(theirs);
        assertTrue(Poll.readable(channels.fd(), PATIENCE_MS));
        assertEquals(port, channels.pending());
        assertEquals(NONE, channels.pending());
        assertFalse(Poll.readable(channels.fd(), 0));
        guest.notify(theirs);
        assertFalse(Poll.readable(channels.fd(), 0), "masked");
        channels.unmask(port);
        assertTrue(Poll.readable(channels.fd(), PATIENCE_MS));
    }

    @Test
    void returnsEveryPendingPortOnce() {
        Set<Integer> expected = new HashSet<>();
        int[] theirs = new int[100];
        for (int i = 0; i < theirs.length; i++) {
            theirs[i] = guest.allocUnbound(ourDomid());
            expected.add(quietPort(theirs[i]));
        }
        for (int port : theirs) {
            guest.notify(port);
        }
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < theirs.length; i++) {
            assertTrue(seen.add(awaitPending()));
        }
        assertEquals(expected, seen);
        assertEquals(NONE, channels.pending());
    }

    @Test
    void refusesAPortThatIsBound() {
        int theirs = guest.allocUnbound(ourDomid());
        channels.bindInterdomain(guest.domid(), theirs);
        assertErrno(Errno.EINVAL, guest.domid(), theirs);
        try (EventChannels second = newChannels()) {
            assertThrows(GrantException.class, () -> second.bindInterdomain(guest.domid(), theirs));
        }
    }

    @Test
    void refusesPortsThatAreNotThere() {
        for (int port : new int[] {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 4000}) {
            assertErrno(Errno.EINVAL, guest.domid(), port);
        }
        int closed = guest.allocUnbound(ourDomid());
        guest.closePort(closed);
        assertErrno(Errno.EINVAL, guest.domid(), closed);
    }

    @Test
    void refusesAPortThatIsMeantForAnotherDomain() {
        assertErrno(Errno.EINVAL, guest.domid(), guest.allocUnbound(ourDomid() + 1));
    }

    @Test
    void refusesADomainThatIsNotThere() {
        int theirs = guest.allocUnbound(ourDomid());
        for (int domid : new int[] {NO_DOMAIN, -1, 65536 + guest.domid()}) {
            assertErrno(Errno.ESRCH, domid, theirs);
        }
    }

    @Test
    void anUnboundPortCanBeBoundAgain() {
        int theirs = guest.allocUnbound(ourDomid());
        for (int i = 0; i < 100; i++) {
            int port = channels.bindInterdomain(guest.domid(), theirs);
            assertEquals(port, awaitPending());
            channels.unbind(port);
        }
        int port = quietPort(theirs);
        guest.notify(theirs);
        assertEquals(port, awaitPending());
    }

    @Test
    void closingTheHandleReleasesItsPorts() {
        int theirs = guest.allocUnbound(ourDomid());
        EventChannels first = newChannels();
        first.bindInterdomain(guest.domid(), theirs);
        first.close();
        first.close();
        guest.notify(theirs);
        int port = channels.bindInterdomain(guest.domid(), theirs);
        assertEquals(port, awaitPending());
        channels.notify(port);
        assertTrue(Poll.readable(guest.fd(), PATIENCE_MS));
    }

    @Test
    void handlesDoNotGetEachOthersEvents() {
        int forFirst = guest.allocUnbound(ourDomid());
        int first = quietPort(forFirst);
        try (EventChannels other = newChannels()) {
            int port = other.bindInterdomain(guest.domid(), guest.allocUnbound(ourDomid()));
            assertNotEquals(first, port);
            assertEquals(NONE, channels.pending());
            guest.notify(forFirst);
            assertEquals(first, awaitPending());
            assertTrue(Poll.readable(other.fd(), PATIENCE_MS));
            assertEquals(port, other.pending());
            assertEquals(NONE, other.pending());
        }
    }

    @Test
    void dropsAnEventWhoseOtherEndIsGone() {
        int theirs = guest.allocUnbound(ourDomid());
        int port = channels.bindInterdomain(guest.domid(), theirs);
        guest.closePort(theirs);
        channels.notify(port);
        channels.notify(port);
        assertEquals(NONE, guest.pending());
        channels.unbind(port);
    }

    @Test
    void refusesPortsThatAreNotOurs() {
        int port = channels.bindInterdomain(guest.domid(), guest.allocUnbound(ourDomid()));
        channels.unbind(port);
        assertEquals(Errno.ENOTCONN, assertThrows(GrantException.class, () -> channels.notify(port)).errno());
        assertEquals(Errno.ENOTCONN, assertThrows(GrantException.class, () -> channels.unbind(port)).errno());
        assertThrows(GrantException.class, () -> channels.notify(-1));
        channels.unmask(port);
    }

    @Test
    void namesDomainAndPortInTheRefusal() {
        assertEquals("cannot bind event channel 4294967295 of domain 32000: errno 3",
            assertThrows(GrantException.class, () -> channels.bindInterdomain(NO_DOMAIN, -1)).getMessage());
    }

    /** Either side sleeps until the other wakes it: one lost event and both sleep for good. */
    @Test
    void losesNoEventOfAHundredThousand() throws InterruptedException {
        int rounds = 100_000;
        int theirs = guest.allocUnbound(ourDomid());
        int port = quietPort(theirs);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread frontend = new Thread(() -> {
            for (int i = 0; i < rounds; i++) {
                guest.notify(theirs);
                while (guest.pending() == NONE) {
                    assertTrue(Poll.readable(guest.fd(), PATIENCE_MS), "the guest waits in vain in round");
                }
                guest.unmask(theirs);
            }
        });
        frontend.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
        frontend.start();
        for (int i = 0; i < rounds && failure.get() == null; i++) {
            assertEquals(port, awaitPending(), "round " + i);
            channels.unmask(port);
            channels.notify(port);
        }
        frontend.join();
        assertEquals(null, failure.get());
    }

    private int quietPort(int theirs) {
        int port = channels.bindInterdomain(guest.domid(), theirs);
        assertEquals(port, awaitPending());
        channels.unmask(port);
        return port;
    }

    private int awaitPending() {
        int port = channels.pending();
        while (port == NONE) {
            assertTrue(Poll.readable(channels.fd(), PATIENCE_MS), "no event came");
            port = channels.pending();
        }
        return port;
    }

    private void assertErrno(int errno, int domid, int port) {
        GrantException refused = assertThrows(GrantException.class, () -> channels.bindInterdomain(domid, port));
        assertEquals(errno, refused.errno(), refused.getMessage());
    }
}
