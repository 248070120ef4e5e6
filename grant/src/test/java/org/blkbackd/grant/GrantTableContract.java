// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.grant.GuestSide.Page;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link GrantTable} promises about mapping. Copying is in {@link GrantCopyContract}. */
public abstract class GrantTableContract {

    /** Beyond any grant table. */
    private static final int BAD_REF = 0x00FFFFF0;
    /** A domain that does not exist. */
    private static final int NO_DOMAIN = 32000;

    private GuestSide guest;
    private GrantTable table;

    protected abstract GuestSide newGuest();

    protected abstract GrantTable newTable();

    @BeforeEach
    void open() {
        guest = newGuest();
        table = newTable();
    }

    @AfterEach
    void close() {
        if (table != null) {
            table.close();
            assertMapped(0);
        }
        if (guest != null) {
            guest.close();
        }
    }

    @Test
    void mapsPagesConsecutivelyInTheOrderOfTheReferences() {
        List<Page> pages = pages(5);
        for (int i = 0; i < 5; i++) {
            pages.get(i).buffer().putInt(0, 100 + i);
            pages.get(i).buffer().putInt(GrantTable.PAGE_SIZE - 4, 200 + i);
        }
        int[] order = {3, 0, 4, 1, 2};
        int[] refs = new int[5];
        for (int i = 0; i < 5; i++) {
            refs[i] = pages.get(order[i]).grantRef();
        }
        try (GrantMapping mapping = table.map(guest.domid(), refs)) {
            assertEquals(5 * GrantTable.PAGE_SIZE, mapping.buffer().capacity());
            assertEquals(0, mapping.address() % GrantTable.PAGE_SIZE);
            for (int i = 0; i < 5; i++) {
                int page = i * GrantTable.PAGE_SIZE;
                assertEquals(100 + order[i], mapping.buffer().getInt(page));
                assertEquals(200 + order[i], mapping.buffer().getInt(page + GrantTable.PAGE_SIZE - 4));
            }
            assertMapped(5);
        }
    }

    @Test
    void sharesWritesOfBothSides() {
        Page page = guest.grant(false);
        try (GrantMapping mapping = table.map(guest.domid(), new int[] {page.grantRef()})) {
            mapping.buffer().putInt(8, 0x11223344);
            assertEquals(0x44, page.buffer().get(8));
            page.buffer().putLong(4088, -2);
            assertEquals(-2, mapping.buffer().getLong(4088));
        }
    }

    @Test
    void mapsOneGrantTwice() {
        Page page = guest.grant(false);
        int[] refs = {page.grantRef()};
        GrantMapping first = table.map(guest.domid(), refs);
        GrantMapping second = table.map(guest.domid(), refs);
        first.close();
        assertMapped(1);
        second.buffer().putInt(0, 7);
        assertEquals(7, page.buffer().getInt(0));
        second.close();
    }

    @Test
    void doesNotKeepTheCallersArray() {
        List<Page> pages = pages(2);
        int[] refs = {pages.get(0).grantRef()};
        GrantMapping mapping = table.map(guest.domid(), refs);
        refs[0] = pages.get(1).grantRef();
        mapping.close();
        assertMapped(0);
    }

    @Test
    void mapsAllOrNone() {
        List<Page> pages = pages(11);
        for (int bad = 0; bad < 11; bad++) {
            int[] refs = pages.stream().mapToInt(Page::grantRef).toArray();
            refs[bad] = BAD_REF;
            assertErrno(Errno.EINVAL, guest.domid(), refs);
            assertMapped(0);
        }
    }

    @Test
    void refusesReferencesThatAreNotGranted() {
        for (int ref : new int[] {BAD_REF, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertErrno(Errno.EINVAL, guest.domid(), ref);
        }
    }

    @Test
    void refusesAReadOnlyGrant() {
        assertErrno(Errno.EINVAL, guest.domid(), guest.grant(true).grantRef());
    }

    @Test
    void refusesADomainThatIsNotThere() {
        int ref = guest.grant(false).grantRef();
        for (int domid : new int[] {NO_DOMAIN, -1, 65536 + guest.domid(), Integer.MIN_VALUE}) {
            assertErrno(Errno.EINVAL, domid, ref);
        }
    }

    @Test
    void refusesToMapNothing() {
        assertErrno(Errno.EINVAL, guest.domid());
    }

    @Test
    void namesDomainAndReferencesInTheRefusal() {
        String message = assertThrows(GrantException.class,
            () -> table.map(NO_DOMAIN, new int[] {17, -1})).getMessage();
        assertEquals("cannot map grants 17 4294967295 of domain 32000: errno 22", message);
    }

    @Test
    void unmapsOnceWhenClosedTwice() {
        int[] refs = {guest.grant(false).grantRef()};
        GrantMapping first = table.map(guest.domid(), refs);
        try (GrantMapping second = table.map(guest.domid(), refs)) {
            first.close();
            first.close();
            assertMapped(1);
            second.buffer().putInt(0, 1);
        }
    }

    @Test
    void aMappingOutlivesTheTable() {
        Page page = guest.grant(false);
        GrantMapping mapping = table.map(guest.domid(), new int[] {page.grantRef()});
        table.close();
        mapping.buffer().putInt(0, 42);
        assertEquals(42, page.buffer().getInt(0));
        mapping.close();
    }

    @Test
    void mapsFromSeveralThreads() throws InterruptedException {
        List<Page> pages = pages(4);
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (Page page : pages) {
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 200; i++) {
                    try (GrantMapping mapping = table.map(guest.domid(), new int[] {page.grantRef()})) {
                        mapping.buffer().putInt(0, i);
                    }
                }
            });
            thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), failures);
        pages.forEach(page -> assertEquals(199, page.buffer().getInt(0)));
    }

    private List<Page> pages(int count) {
        List<Page> pages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pages.add(guest.grant(false));
        }
        return pages;
    }

    private void assertErrno(int errno, int domid, int... refs) {
        GrantException refused = assertThrows(GrantException.class, () -> table.map(domid, refs));
        assertEquals(errno, refused.errno(), refused.getMessage());
    }

    private void assertMapped(int expected) {
        guest.mappedGrants().ifPresent(mapped -> assertTrue(mapped == expected,
            mapped + " grants are mapped, not " + expected));
    }
}
