// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

import static org.blkbackd.grant.GrantCopy.Direction.FROM_GUEST;
import static org.blkbackd.grant.GrantCopy.Direction.TO_GUEST;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.blkbackd.grant.GuestSide.Page;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link GrantCopy} promises. */
public abstract class GrantCopyContract {

    private static final int BAD_REF = 0x00FFFFF0;
    private static final int NO_DOMAIN = 32000;
    private static final int OURS_BYTES = 64 * 1024;

    private final Memory ours = new Memory(OURS_BYTES);
    private final long address = Pointer.nativeValue(ours);
    private GuestSide guest;
    private GrantTable table;

    protected abstract GuestSide newGuest();

    protected abstract GrantTable newTable();

    @BeforeEach
    void open() {
        guest = newGuest();
        table = newTable();
        ours.clear();
    }

    @AfterEach
    void close() {
        if (table != null) {
            table.close();
        }
        if (guest != null) {
            guest.close();
        }
    }

    @Test
    void copiesFromTheGuest() {
        Page page = guest.grant(false);
        page.buffer().putInt(512, 0x01020304);
        try (GrantCopy copy = table.newCopy(FROM_GUEST, 4)) {
            assertEquals(0, copy.add(guest.domid(), page.grantRef(), 512, address + 100, 4));
            assertEquals(0, copy.execute());
            assertEquals(GrantCopy.OKAY, copy.status(0));
        }
        assertEquals(0x01020304, ours.getInt(100));
        assertEquals(0, ours.getInt(104));
    }

    @Test
    void copiesToTheGuestAndNothingBesides() {
        Page page = guest.grant(false);
        for (int i = 0; i < GrantTable.PAGE_SIZE; i++) {
            page.buffer().put(i, (byte) 0x55);
        }
        ours.setMemory(0, OURS_BYTES, (byte) 0x77);
        try (GrantCopy copy = table.newCopy(TO_GUEST, 4)) {
            copy.add(guest.domid(), page.grantRef(), 1024, address, 512);
            assertEquals(0, copy.execute());
            assertEquals(GrantCopy.OKAY, copy.status(0));
        }
        for (int i = 0; i < GrantTable.PAGE_SIZE; i++) {
            assertEquals(i >= 1024 && i < 1536 ? 0x77 : 0x55, page.buffer().get(i), "byte " + i);
        }
    }

    @Test
    void copiesAnyPartOfAPageToAnyAddress() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Page page = guest.grant(false);
        byte[] expected = new byte[OURS_BYTES];
        try (GrantCopy copy = table.newCopy(FROM_GUEST, 1)) {
            for (int round = 0; round < 500; round++) {
                int offset = random.nextInt(GrantTable.PAGE_SIZE);
                int length = random.nextInt(GrantTable.PAGE_SIZE - offset + 1);
                int to = random.nextInt(OURS_BYTES - GrantTable.PAGE_SIZE);
                for (int i = offset; i < offset + length; i++) {
                    page.buffer().put(i, (byte) random.nextInt());
                    expected[to + i - offset] = page.buffer().get(i);
                }
                copy.clear();
                copy.add(guest.domid(), page.grantRef(), offset, address + to, length);
                assertEquals(0, copy.execute(), "seed " + seed);
                assertEquals(GrantCopy.OKAY, copy.status(0), "seed " + seed);
            }
        }
        assertArrayEquals(expected, ours.getByteArray(0, OURS_BYTES), "seed " + seed);
    }

    /** gntdev works through a batch in pieces of 16 (GNTDEV_COPY_BATCH). */
    @Test
    void copiesMoreSegmentsThanTheKernelTakesAtOnce() {
        List<Page> pages = new ArrayList<>();
        for (int i = 0; i < 11; i++) {
            pages.add(guest.grant(false));
        }
        try (GrantCopy copy = table.newCopy(TO_GUEST, 352)) {
            assertEquals(352, copy.capacity());
            for (int i = 0; i < 352; i++) {
                ours.setInt(4L * i, 1000 + i);
                assertEquals(i, copy.add(guest.domid(), pages.get(i % 11).grantRef(), i / 11 * 4, address + 4L * i, 4));
            }
            assertEquals(352, copy.size());
            assertEquals(0, copy.execute());
            for (int i = 0; i < 352; i++) {
                assertEquals(GrantCopy.OKAY, copy.status(i));
                assertEquals(1000 + i, pages.get(i % 11).buffer().getInt(i / 11 * 4));
            }
        }
    }

    @Test
    void givesEverySegmentItsOwnStatus() {
        Page page = guest.grant(false);
        for (int bad = 0; bad < 11; bad++) {
            try (GrantCopy copy = table.newCopy(FROM_GUEST, 11)) {
                for (int i = 0; i < 11; i++) {
                    copy.add(guest.domid(), i == bad ? BAD_REF : page.grantRef(), 0, address, 64);
                }
                assertEquals(0, copy.execute());
                for (int i = 0; i < 11; i++) {
                    assertEquals(i == bad, copy.status(i) < 0, "bad " + bad + ", segment " + i);
                }
            }
        }
    }

    @Test
    void reportsReferencesAndDomainsThatAreNotThere() {
        int ref = guest.grant(false).grantRef();
        try (GrantCopy copy = table.newCopy(FROM_GUEST, 8)) {
            copy.add(guest.domid(), -1, 0, address, 64);
            copy.add(guest.domid(), Integer.MIN_VALUE, 0, address, 64);
            copy.add(NO_DOMAIN, ref, 0, address, 64);
            copy.add(-1, ref, 0, address, 64);
            copy.add(65536 + guest.domid(), ref, 0, address, 64);
            assertEquals(0, copy.execute());
            assertEquals(GrantStatus.BAD_GRANT_REF, copy.status(0));
            assertEquals(GrantStatus.BAD_GRANT_REF, copy.status(1));
            assertEquals(GrantStatus.BAD_DOMAIN, copy.status(2));
            assertEquals(GrantStatus.BAD_DOMAIN, copy.status(3));
            assertEquals(GrantStatus.BAD_DOMAIN, copy.status(4));
        }
    }

    @Test
    void readsButNeverWritesAReadOnlyGrant() {
        Page page = guest.grant(true);
        page.buffer().putInt(0, 5);
        try (GrantCopy from = table.newCopy(FROM_GUEST, 1); GrantCopy to = table.newCopy(TO_GUEST, 1)) {
            from.add(guest.domid(), page.grantRef(), 0, address, 4);
            assertEquals(0, from.execute());
            assertEquals(GrantCopy.OKAY, from.status(0));
            assertEquals(5, ours.getInt(0));
            ours.setInt(0, 6);
            to.add(guest.domid(), page.grantRef(), 0, address, 4);
            assertEquals(0, to.execute());
            assertTrue(to.status(0) < 0, "status " + to.status(0));
            assertEquals(5, page.buffer().getInt(0));
        }
    }

    @Test
    void refusesSegmentsThatLeaveThePage() {
        int ref = guest.grant(false).grantRef();
        try (GrantCopy copy = table.newCopy(FROM_GUEST, 4)) {
            int[][] bad = {{0, 4097}, {4096, 1}, {-1, 2}, {4095, 2}, {0, -1}, {Integer.MAX_VALUE, 1},
                {1, Integer.MAX_VALUE}};
            for (int[] segment : bad) {
                assertThrows(IllegalArgumentException.class,
                    () -> copy.add(guest.domid(), ref, segment[0], address, segment[1]));
            }
            assertEquals(0, copy.size());
            copy.add(guest.domid(), ref, 4095, address, 1);
            copy.add(guest.domid(), ref, 0, address, 4096);
            assertEquals(0, copy.execute());
            assertEquals(GrantCopy.OKAY, copy.status(0));
            assertEquals(GrantCopy.OKAY, copy.status(1));
        }
    }

    @Test
    void takesNoMoreSegmentsThanItHolds() {
        int ref = guest.grant(false).grantRef();
        try (GrantCopy copy = table.newCopy(TO_GUEST, 2)) {
            copy.add(guest.domid(), ref, 0, address, 1);
            copy.add(guest.domid(), ref, 0, address, 1);
            assertThrows(IllegalStateException.class, () -> copy.add(guest.domid(), ref, 0, address, 1));
            copy.clear();
            assertEquals(0, copy.size());
            assertEquals(0, copy.add(guest.domid(), ref, 0, address, 1));
        }
        assertThrows(IllegalArgumentException.class, () -> table.newCopy(TO_GUEST, 0));
    }

    @Test
    void anEmptyBatchSucceeds() {
        try (GrantCopy copy = table.newCopy(FROM_GUEST, 1)) {
            assertEquals(0, copy.execute());
            assertThrows(IndexOutOfBoundsException.class, () -> copy.status(0));
        }
    }

    @Test
    void aBatchOutlivesTheTable() {
        Page page = guest.grant(false);
        page.buffer().putInt(0, 9);
        GrantCopy copy = table.newCopy(FROM_GUEST, 1);
        table.close();
        copy.add(guest.domid(), page.grantRef(), 0, address, 4);
        assertEquals(0, copy.execute());
        assertEquals(9, ours.getInt(0));
        copy.close();
    }
}
