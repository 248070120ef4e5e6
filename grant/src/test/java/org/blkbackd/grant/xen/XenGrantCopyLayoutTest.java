// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import org.blkbackd.grant.GrantCopy.Direction;
import org.junit.jupiter.api.Test;

/** The bytes of a batch; offsets and size as a C compiler gives them for xengnttab.h on x86-64 (Xen 4.17). */
class XenGrantCopyLayoutTest {

    private static final long ADDRESS = 0x1122334455667788L;

    @Test
    void fromTheGuestTheSourceIsTheGrant() {
        XenGrantCopy copy = new XenGrantCopy(null, Direction.FROM_GUEST, 2);
        copy.add(1, 2, 3, 4, 5);
        copy.add(0x0102, 0x03040506, 0x0708, ADDRESS, 0x010A);
        //           ref      offset domid address          len  flags status pad
        assertEquals("02000000" + "0300" + "0100" + "0400000000000000" + "0500" + "0100" + "ffff0000", hex(copy, 0));
        assertEquals("06050403" + "0807" + "0201" + "8877665544332211" + "0a01" + "0100" + "ffff0000", hex(copy, 1));
    }

    @Test
    void toTheGuestTheDestinationIsTheGrant() {
        XenGrantCopy copy = new XenGrantCopy(null, Direction.TO_GUEST, 1);
        copy.add(0x0102, 0x83040506, 0, ADDRESS, 4096);
        assertEquals("8877665544332211" + "06050483" + "0000" + "0201" + "0010" + "0200" + "ffff0000", hex(copy, 0));
    }

    @Test
    void aDomidThatDoesNotFitNamesNoDomain() {
        XenGrantCopy copy = new XenGrantCopy(null, Direction.TO_GUEST, 1);
        copy.add(0x10005, 1, 0, ADDRESS, 1);
        assertEquals("f47f", hex(copy, 0).substring(28, 32));
    }

    @Test
    void theStatusIsSigned() {
        XenGrantCopy copy = new XenGrantCopy(null, Direction.TO_GUEST, 1);
        copy.add(1, 1, 0, ADDRESS, 1);
        copy.bytes().putShort(20, (short) -8);
        assertEquals(-8, copy.status(0));
    }

    private static String hex(XenGrantCopy copy, int index) {
        byte[] segment = new byte[XenGrantCopy.SEGMENT_BYTES];
        copy.bytes().get(index * XenGrantCopy.SEGMENT_BYTES, segment);
        return HexFormat.of().formatHex(segment);
    }
}
