// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.grant.GrantStatus;
import org.blkbackd.grant.GrantTable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guest's side: what it owns, what it may take back, and how it dies. */
class SimDomainTest {

    @TempDir
    private Path folder;
    private SimHypervisor hypervisor;
    private SimDomain guest;
    private GrantTable table;

    @BeforeEach
    void open() {
        hypervisor = SimHypervisor.open(folder);
        guest = hypervisor.domain(5);
        table = hypervisor.grantTable(0);
    }

    @AfterEach
    void close() {
        hypervisor.close();
    }

    @Test
    void endsAGrantThatNobodyHasMapped() {
        GuestPage page = guest.allocatePage();
        int ref = guest.grant(0, page, false);
        assertEquals(1, guest.grantsInUse());
        guest.endAccess(ref);
        assertEquals(0, guest.grantsInUse());
        assertThrows(GrantException.class, () -> table.map(5, new int[] {ref}));
        assertThrows(IllegalArgumentException.class, () -> guest.endAccess(ref));
        page.close();
    }

    @Test
    void keepsAGrantThatIsMapped() {
        int ref = guest.grant(0, guest.allocatePage(), false);
        GrantMapping mapping = table.map(5, new int[] {ref});
        assertTrue(guest.isMapped(ref));
        assertThrows(IllegalStateException.class, () -> guest.endAccess(ref));
        assertEquals(1, guest.mappedGrants());
        mapping.close();
        assertFalse(guest.isMapped(ref));
        guest.endAccess(ref);
    }

    /** The mapper comes between the two halves of ending, before it sees that the grant is about to end. */
    @Test
    void aMapperWhoCameFirstKeepsTheGrant() {
        int ref = guest.grant(0, guest.allocatePage(), false);
        SharedGrants grants = hypervisor.existing(5).grants;
        int state = grants.state(ref);
        assertTrue(grants.beginEnd(ref, state));
        assertTrue(grants.addMapper(ref, hypervisor.members().token(), hypervisor.members()));
        assertFalse(grants.finishEnd(ref, state, hypervisor.members()));
        assertEquals(state, grants.state(ref));
        assertThrows(IllegalStateException.class, () -> guest.endAccess(ref));
    }

    @Test
    void aMapperWhoComesLateIsRefused() {
        int ref = guest.grant(0, guest.allocatePage(), false);
        SharedGrants grants = hypervisor.existing(5).grants;
        int state = grants.state(ref);
        assertTrue(grants.beginEnd(ref, state));
        assertThrows(GrantException.class, () -> table.map(5, new int[] {ref}));
        assertFalse(guest.isMapped(ref));
        assertTrue(grants.finishEnd(ref, state, hypervisor.members()));
        assertEquals(0, guest.grantsInUse());
    }

    @Test
    void aGrantWhoseEndingWasCutShortCanBeEnded() {
        GuestPage page = guest.allocatePage();
        int ref = guest.grant(0, page, false);
        SharedGrants grants = hypervisor.existing(5).grants;
        assertTrue(grants.beginEnd(ref, grants.state(ref)));
        assertEquals(1, guest.grantsInUse());
        guest.endAccess(ref);
        assertEquals(0, guest.grantsInUse());
        page.close();
    }

    @Test
    void keepsAPageThatIsGranted() {
        GuestPage page = guest.allocatePage();
        int first = guest.grant(0, page, false);
        int second = guest.grant(0, page, true);
        assertNotEquals(first, second);
        assertThrows(IllegalStateException.class, page::close);
        guest.endAccess(first);
        assertThrows(IllegalStateException.class, page::close);
        guest.endAccess(second);
        page.close();
        page.close();
    }

    @Test
    void aNewPageIsZero() {
        GuestPage page = guest.allocatePage();
        long address = page.address();
        page.buffer().putLong(8, -1);
        page.close();
        GuestPage again = guest.allocatePages(1)[0];
        assertEquals(address, again.address());
        assertEquals(0, again.buffer().getLong(8));
    }

    @Test
    void holdsThousandsOfPages() {
        Set<Long> addresses = new HashSet<>();
        Set<Integer> refs = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            GuestPage page = guest.allocatePage();
            assertTrue(addresses.add(page.address()));
            assertTrue(refs.add(guest.grant(0, page, false)));
        }
        assertEquals(10_000, guest.grantsInUse());
        refs.forEach(guest::endAccess);
        assertEquals(0, guest.grantsInUse());
    }

    @Test
    void severalPagesLieInARow() {
        guest.allocatePage();
        GuestPage hole = guest.allocatePage();
        guest.allocatePage();
        hole.close();
        GuestPage[] pages = guest.allocatePages(4);
        ByteBuffer all = guest.buffer(pages);
        for (int i = 0; i < 4; i++) {
            assertEquals(pages[0].address() + i * 4096L, pages[i].address());
            pages[i].buffer().putInt(4, i + 7);
            assertEquals(i + 7, all.getInt(i * 4096 + 4));
        }
    }

    @Test
    void aGrantIsForOneDomain() {
        int ref = guest.grant(3, guest.allocatePage(), false);
        assertThrows(GrantException.class, () -> table.map(5, new int[] {ref}));
        assertEquals(0, guest.mappedGrants());
        hypervisor.grantTable(3).map(5, new int[] {ref}).close();
        GrantCopy copy = table.newCopy(GrantCopy.Direction.FROM_GUEST, 1);
        copy.add(5, ref, 0, guest.allocatePage().address(), 1);
        assertEquals(0, copy.execute());
        assertEquals(GrantStatus.BAD_DOMAIN, copy.status(0));
    }

    @Test
    void aDeadDomainsGrantsAreVoidAndMappingsStay() {
        GuestPage page = guest.allocatePage();
        int ref = guest.grant(0, page, false);
        GrantMapping mapping = table.map(5, new int[] {ref});
        mapping.buffer().putInt(0, 11);
        guest.destroy();
        assertEquals(11, mapping.buffer().getInt(0));
        mapping.buffer().putInt(0, 12);
        assertThrows(GrantException.class, () -> table.map(5, new int[] {ref}));
        GrantCopy copy = table.newCopy(GrantCopy.Direction.FROM_GUEST, 1);
        copy.add(5, ref, 0, page.address(), 1);
        assertEquals(0, copy.execute());
        assertEquals(GrantStatus.BAD_DOMAIN, copy.status(0));
        mapping.close();
    }

    @Test
    void aDeadDomainsPortsAreClosed() {
        EventChannels channels = hypervisor.eventChannels(0);
        int theirs = guest.allocUnbound(0);
        int port = channels.bindInterdomain(5, theirs);
        guest.destroy();
        channels.notify(port);
        assertThrows(GrantException.class, () -> channels.bindInterdomain(5, theirs));
        channels.unbind(port);
    }

    @Test
    void theNextDomainWithTheNumberIsAnother() throws IOException {
        int ref = guest.grant(0, guest.allocatePage(), false);
        EventChannels channels = hypervisor.eventChannels(0);
        int port = channels.bindInterdomain(5, guest.allocUnbound(0));
        guest.destroy();
        guest.destroy();
        SimDomain next = hypervisor.domain(5);
        assertEquals(0, next.grantsInUse());
        assertThrows(GrantException.class, () -> table.map(5, new int[] {ref}));
        next.allocUnbound(0);
        channels.notify(port);
        assertEquals(EventChannels.NONE, next.eventChannels().pending());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.filter(file -> file.getFileName().toString().startsWith("domain-5-")).count());
        }
    }

    @Test
    void closingTheHypervisorIsLikeTheProcessesDeath() {
        SimHypervisor other = SimHypervisor.open(folder);
        int ref = guest.grant(0, guest.allocatePage(), false);
        int theirs = guest.allocUnbound(0);
        GrantMapping mapping = other.grantTable(0).map(5, new int[] {ref});
        other.eventChannels(0).bindInterdomain(5, theirs);
        assertTrue(guest.isBound(theirs));
        assertEquals(1, guest.mappedGrants());
        other.close();
        assertFalse(guest.isBound(theirs));
        assertEquals(0, guest.mappedGrants());
        mapping.buffer().putInt(0, 1);
        mapping.close();
        hypervisor.eventChannels(0).bindInterdomain(5, theirs);
        assertTrue(guest.isBound(theirs));
    }

    @Test
    void leavesNoFifosBehind() throws IOException {
        for (int i = 0; i < 10; i++) {
            try (EventChannels channels = hypervisor.eventChannels(0)) {
                int port = channels.bindInterdomain(5, guest.allocUnbound(0));
                channels.notify(port);
            }
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.filter(file -> file.getFileName().toString().startsWith("wake-")).count());
        }
    }
}
