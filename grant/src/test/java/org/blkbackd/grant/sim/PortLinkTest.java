// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The packing of one end of a channel: no field may reach into another. */
class PortLinkTest {

    private static final int TOKEN = 0x3FFFFFFF;
    private static final int DOMID = 0x7FEF;
    private static final int PORT = 8191;

    @Test
    void everyStateKeepsTheSerial() {
        long link = PortLink.reserved(0, TOKEN);
        assertEquals(1, PortLink.serial(link));
        assertEquals(PortLink.RESERVED, PortLink.state(link));
        assertEquals(TOKEN, PortLink.token(link));
        link = PortLink.unbound(link, DOMID);
        assertEquals(PortLink.UNBOUND, PortLink.state(link));
        assertEquals(DOMID, PortLink.remoteDomid(link));
        link = PortLink.interdomain(link, DOMID, PORT, PortLink.reserved(PortLink.reserved(0, 0), 0));
        assertEquals(PortLink.INTERDOMAIN, PortLink.state(link));
        assertEquals(DOMID, PortLink.remoteDomid(link));
        assertEquals(PORT, PortLink.remotePort(link));
        assertEquals(2, PortLink.remoteSerial(link));
        assertEquals(1, PortLink.serial(link));
        link = PortLink.free(link);
        assertEquals(PortLink.FREE, PortLink.state(link));
        assertEquals(1, PortLink.serial(link));
        assertEquals(2, PortLink.serial(PortLink.reserved(link, 0)));
    }

    @Test
    void theSerialWraps() {
        long link = 0;
        for (int i = 0; i < 65_536; i++) {
            link = PortLink.free(PortLink.reserved(link, TOKEN));
        }
        assertEquals(0, link);
    }

    @Test
    void namesAPortOnlyInTheLifeItWasBoundIn() {
        long theirs = PortLink.reserved(0, 0);
        long ours = PortLink.interdomain(PortLink.reserved(0, 0), DOMID, PORT, theirs);
        assertTrue(PortLink.names(ours, DOMID, PORT, theirs));
        assertTrue(PortLink.names(ours, DOMID, PORT, PortLink.unbound(theirs, 3)), "the state does not matter");
        assertFalse(PortLink.names(ours, DOMID, PORT, PortLink.reserved(theirs, 0)));
        assertFalse(PortLink.names(ours, DOMID, PORT - 1, theirs));
        assertFalse(PortLink.names(ours, DOMID - 1, PORT, theirs));
        assertFalse(PortLink.names(PortLink.unbound(ours, DOMID), DOMID, PORT, theirs));
    }
}
