// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import java.util.List;
import java.util.Locale;

/** Guesses which known word a misspelt one was meant to be. */
public final class NearMiss {

    private static final int MOST_EDITS = 2;

    private NearMiss() {
    }

    /**
     * The known word nearest to {@code word}, or null when none is near. Case, hyphens and underscores do not count
     * ({@code ioThreads} is {@code io-threads}); of the rest, two letters may be wrong, fewer in a short word.
     */
    public static String of(String word, List<String> known) {
        String best = null;
        int bestEdits = MOST_EDITS + 1;
        for (String candidate : known) {
            int edits = edits(plain(word), plain(candidate));
            if (edits < bestEdits && edits <= candidate.length() / 3) {
                best = candidate;
                bestEdits = edits;
            }
        }
        return best;
    }

    private static String plain(String word) {
        return word.toLowerCase(Locale.ROOT).replaceAll("[-_]", "");
    }

    /** Insertions, deletions, replacements (Levenshtein); any large number once the lengths alone differ too much. */
    private static int edits(String a, String b) {
        if (Math.abs(a.length() - b.length()) > MOST_EDITS) {
            return Integer.MAX_VALUE;
        }
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int above = row[j];
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
