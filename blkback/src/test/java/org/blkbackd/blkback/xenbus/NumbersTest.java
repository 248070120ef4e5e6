// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {

    private static final String ROOT = "/local/domain/0/backend/vbd";

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " ", "1 ", " 1", "+1", "-1", "0x1", "1.0", "1e3", "a", "4294967296", "99999999999",
        "00000000001", "\u0661", "1\u0000", "1\n"})
    void takesDecimalDigitsAndNothingElse(String text) {
        assertEquals(-1, Numbers.parseLong(text, 0xFFFFFFFFL));
    }

    @Test
    void knowsItsLimits() {
        assertEquals(0xFFFFFFFFL, Numbers.parseLong("4294967295", 0xFFFFFFFFL));
        assertEquals(0, Numbers.parse("0", 0));
        assertEquals(-1, Numbers.parse("1", 0));
        assertEquals(7, Numbers.parse("0000000007", 10));
    }

    @Test
    void findsTheDeviceThatAPathBelongsTo() {
        VbdAddress xvda = new VbdAddress("vbd", 1, 51712);
        assertEquals(xvda, VbdAddress.parse(ROOT, "vbd", ROOT + "/1/51712"));
        assertEquals(xvda, VbdAddress.parse(ROOT, "vbd", ROOT + "/1/51712/state"));
        assertEquals(xvda, VbdAddress.parse(ROOT, "vbd", ROOT + "/1/51712/a/b/c"));
        for (String other : new String[] {"", "/1", "/x/51712", "/1/x", "/-1/5", "/32752/1", "2/1/51712"}) {
            assertNull(VbdAddress.parse(ROOT, "vbd", ROOT + other), other);
        }
    }

    @Test
    void showsAnyValueOnOneShortLine() {
        assertEquals("missing", XenbusFault.show(null));
        assertEquals("\"a?b\"", XenbusFault.show("a\nb"));
        assertEquals(69, XenbusFault.show("x".repeat(5000)).length());
    }
}
