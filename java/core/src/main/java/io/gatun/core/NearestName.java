// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/** Finds the name that a mistyped one probably means. */
public final class NearestName {
    private NearestName() {}

    /**
     * The candidate with the smallest edit distance, letter case aside; the first of several.
     *
     * @param name a name that is not among the candidates
     * @param candidates at least one
     * @return one of the candidates
     */
    public static String of(String name, Collection<String> candidates) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return candidates.stream()
                .min(Comparator.comparingInt(candidate -> distance(wanted, candidate.toLowerCase(Locale.ROOT))))
                .orElseThrow();
    }

    /** Levenshtein distance: single-character insertions, deletions and substitutions. */
    static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int substituted = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
