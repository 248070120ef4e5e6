// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.wire.MessageType;
import org.junit.jupiter.api.Test;

/** Domains: permissions, quotas, death. */
interface DomainContract extends ContractRig {

    @Test
    default void newNodesInheritTheirParentsPermissions() {
        int domid = newDomain();
        RawClient c = dom0();
        c.ok(MessageType.SET_PERMS, base(), "r0", "b" + domid);
        c.write(0, base() + "/by-dom0/x", "1");
        assertEquals(List.of("r0", "b" + domid), c.ok(MessageType.GET_PERMS, base() + "/by-dom0/x").strings());
        guest(domid).write(0, base() + "/by-guest/x", "1");
        for (String path : List.of("/by-guest", "/by-guest/x")) {
            assertEquals(List.of("r" + domid, "b" + domid), c.ok(MessageType.GET_PERMS, base() + path).strings());
        }
    }

    @Test
    default void aDomainMayDoWhatItsEntrySays() {
        int domid = newDomain();
        RawClient c = dom0();
        RawClient g = guest(domid);
        for (String entry : List.of("n", "r", "w", "b")) {
            c.write(0, base() + "/a", "1");
            c.ok(MessageType.SET_PERMS, base() + "/a", "n0", entry + domid);
            String read = entry.equals("r") || entry.equals("b") ? "OK" : "EACCES";
            String write = entry.equals("w") || entry.equals("b") ? "OK" : "EACCES";
            assertEquals(read, g.error(MessageType.READ, base() + "/a"), entry);
            assertEquals(read, g.error(MessageType.GET_PERMS, base() + "/a"), entry);
            assertEquals(read, g.error(MessageType.DIRECTORY, base() + "/a"), entry);
            assertEquals(write, g.writeError(0, base() + "/a", "2"), entry);
            assertEquals(write, g.error(MessageType.MKDIR, base() + "/a/b"), entry);
            assertEquals("EACCES", g.error(MessageType.SET_PERMS, base() + "/a", "n" + domid), entry);
            assertEquals(write, g.error(MessageType.RM, base() + "/a"), entry);
        }
    }

    @Test
    default void theFirstEntryIsForAllOthers() {
        int domid = newDomain();
        RawClient c = dom0();
        c.write(0, base() + "/a", "1");
        c.ok(MessageType.SET_PERMS, base() + "/a", "r0");
        assertEquals("1", guest(domid).ok(MessageType.READ, base() + "/a").text());
        assertEquals("EACCES", guest(domid).writeError(0, base() + "/a", "2"));
    }

    @Test
    default void anOwnerMayDoAllButGiveItAway() {
        int domid = newDomain();
        RawClient g = guest(domid);
        g.write(0, "device/a", "1");
        g.ok(MessageType.SET_PERMS, "device/a", "n" + domid, "r0");
        assertEquals("EPERM", g.error(MessageType.SET_PERMS, "device/a", "n0"));
        assertEquals(List.of("n" + domid, "r0"), g.ok(MessageType.GET_PERMS, "device/a").strings());
        g.ok(MessageType.RM, "device/a");
    }

    @Test
    default void whatADomainMayNotSeeIsEACCESWhetherItExistsOrNot() {
        RawClient g = guest(newDomain());
        assertEquals("EACCES", g.error(MessageType.READ, base()));
        assertEquals("EACCES", g.error(MessageType.READ, base() + "/missing"));
        assertEquals("EACCES", g.error(MessageType.RM, base() + "/missing"));
        assertEquals("ENOENT", g.error(MessageType.READ, "missing"));
    }

    @Test
    default void permissionsMustNameAnOwnerThatExists() {
        RawClient c = dom0();
        c.write(0, base() + "/a", "1");
        assertEquals("ENOENT", c.error(MessageType.SET_PERMS, base() + "/a", "n31999"));
        int domid = createDomain();
        c.ok(MessageType.SET_PERMS, base() + "/a", "n" + domid, "r31999");
        assertEquals(List.of("n" + domid, "r31999"), c.ok(MessageType.GET_PERMS, base() + "/a").strings());
        for (String bad : List.of("x0", "n", "", "0", "nn", "n0x")) {
            assertEquals("EINVAL", c.error(MessageType.SET_PERMS, base() + "/a", bad), bad);
        }
        assertEquals("EINVAL", c.error(MessageType.SET_PERMS, base() + "/a"));
    }

    @Test
    default void onlyDomain0SpeaksOfDomains() {
        RawClient g = guest(newDomain());
        assertEquals("EACCES", g.error(MessageType.INTRODUCE, "9", "1", "1"));
        assertEquals("EACCES", g.error(MessageType.RELEASE, "9"));
        assertEquals("EACCES", g.error(MessageType.IS_DOMAIN_INTRODUCED, "9"));
        RawClient c = dom0();
        assertEquals("EINVAL", c.error(MessageType.RELEASE, "0"));
        assertEquals("ENOENT", c.error(MessageType.RELEASE, "31998"));
        assertEquals("EINVAL", c.error(MessageType.INTRODUCE, "9", "1"));
        assertEquals("T", c.ok(MessageType.IS_DOMAIN_INTRODUCED, "0").text());
    }

    @Test
    default void aDeadDomainsNodesGoWithIt() {
        int domid = newDomain();
        RawClient c = dom0();
        c.write(0, base() + "/a", "1");
        c.ok(MessageType.SET_PERMS, base() + "/a", "n0", "b" + domid);
        guest(domid).write(0, base() + "/a/of-guest/x", "1");
        destroy(domid);
        assertEquals("ENOENT", c.error(MessageType.READ, "/local/domain/" + domid));
        assertEquals(List.of(), c.ok(MessageType.DIRECTORY, base() + "/a").strings());
    }

    @Test
    default void aDomainIsHeldToItsQuotas() {
        RawClient g = guest(newDomain());
        assertEquals("OK", g.writeError(0, "big", "v".repeat(2048 - 24 - 8 - 1)));
        assertEquals("ENOSPC", g.writeError(0, "bigger", "v".repeat(2048 - 24 - 8)));
        assertEquals("ENOENT", g.error(MessageType.READ, "bigger"));
        for (int i = 0; i < 129; i++) {
            g.ok(MessageType.WATCH, "w", Integer.toString(i));
            g.next();
        }
        assertEquals("E2BIG", g.error(MessageType.WATCH, "w", "129"));
        for (int i = 0; i < 11; i++) {
            g.begin();
        }
        assertEquals("ENOSPC", g.error(MessageType.TRANSACTION_START, ""));
        assertEquals("ENOSPC", g.error(MessageType.SET_PERMS, "big", "n1", "r1", "r2", "r3", "r4", "r5"));
    }

    @Test
    default void aDomainOwnsAThousandNodes() {
        RawClient g = guest(newDomain());
        int made = 0;
        String error = "OK";
        while (error.equals("OK") && made < 1100) {
            error = g.writeError(0, "d" + made / 100 + "/n" + made, "");
            made++;
        }
        assertEquals("ENOSPC", error);
        // Its home, ten directories, and 989 more.
        assertEquals(1000 - 1 - 10, made - 1);
    }

    @Test
    default void clientsTellPermissionsAndErrors() {
        int domid = newDomain();
        XenstoreClient c = client();
        c.write(base() + "/a", "1");
        c.setPermissions(base() + "/a", List.of(new Permission(Permission.Access.NONE, 0),
                new Permission(Permission.Access.READ, domid)));
        assertEquals(List.of("n0", "r" + domid),
                c.permissions(base() + "/a").stream().map(Permission::toString).toList());
        XenstoreClient g = guestClient(domid);
        assertEquals("1", g.read(base() + "/a"));
        XenstoreException e = assertThrows(XenstoreException.class, () -> g.write(base() + "/a", "2"));
        assertEquals("EACCES", e.error());
        assertTrue(e.getMessage().contains(base() + "/a"), e.getMessage());
    }
}
