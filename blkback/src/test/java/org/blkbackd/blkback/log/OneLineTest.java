// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class OneLineTest {

    @Test
    void plainTextStaysTheVerySameObject() {
        String text = "Grüße, 日本 \ud83d\ude00 ${x} \\n <3>";
        assertSame(text, OneLine.of(text, 1000));
    }

    @Test
    void escapesWhatEndsALineOrDrivesATerminal() {
        assertEquals("a\\nb\\r\\tc\\u0000\\u001b[31m\\u007f\\u0085\\u009b", OneLine.of(
            "a\nb\r\tc\0\u001b[31m\u007f\u0085\u009b", 1000));
    }

    @Test
    void escapesUnicodeLineEndsReorderingMarksAndHalvesOfCharacters() {
        assertEquals("\\u2028\\u2029\\u202ex\\u2066\\u200b\\ufeff",
            OneLine.of("\u2028\u2029\u202ex\u2066\u200b\ufeff", 99));
        assertEquals("\\ud83d!\\ude00", OneLine.of("\ud83d!\ude00", 99));
        assertEquals("\\udb40\\udc41", OneLine.of("\udb40\udc41", 99));
    }

    @Test
    void cutsWhatIsTooLong() {
        assertEquals("abc", OneLine.of("abc", 3));
        assertEquals("abc...", OneLine.of("abcd", 3));
        assertEquals("\\n\\n...", OneLine.of("\n\n\n", 2));
        assertEquals("null", OneLine.of(null, 3));
    }
}
