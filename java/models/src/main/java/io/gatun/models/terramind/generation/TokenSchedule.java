// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import java.util.Arrays;

/** How many tokens each step finds. */
public enum TokenSchedule {
    /** As many in each, the larger numbers first; steps without tokens at the end fall away. */
    LINEAR,
    /**
     * Few in the first, most in the middle, along half a cosine; the last takes what rounding left, which may be below
     * none: those before it have found all then.
     */
    COSINE;

    /**
     * Tokens of each step.
     *
     * @param steps at least 1
     * @param tokens how many there are in all, not negative
     * @return for each step the number of tokens, their sum {@code tokens}; the last of {@link #COSINE} may be negative
     * @throws ArgumentException if there is no step, or a negative number of tokens
     */
    public int[] counts(int steps, int tokens) {
        if (steps < 1 || tokens < 0) {
            throw new ArgumentException("a schedule of " + steps + " steps for " + tokens
                    + " tokens; expected at least one step, and no negative number of tokens");
        }
        return this == LINEAR ? linear(steps, tokens) : cosine(steps, tokens);
    }

    private static int[] linear(int steps, int tokens) {
        int[] counts = new int[steps];
        double each = (double) tokens / steps;
        for (int i = 0; i < steps; i++) {
            counts[i] = (i + 1 == steps ? tokens : (int) ((i + 1) * each)) - (int) (i * each);
        }
        Arrays.sort(counts);
        int[] larger = new int[steps];
        int kept = 0;
        for (int i = 0; i < steps; i++) {
            larger[i] = counts[steps - 1 - i];
            kept += larger[i] > 0 ? 1 : 0;
        }
        return Arrays.copyOf(larger, kept);
    }

    private static int[] cosine(int steps, int tokens) {
        int[] counts = new int[steps];
        int left = tokens;
        for (int i = 0; i < steps - 1; i++) {
            counts[i] = (int) Math.rint(tokens * (remaining(i, steps) - remaining(i + 1, steps)));
            left -= counts[i];
        }
        counts[steps - 1] = left;
        return counts;
    }

    private static double remaining(int step, int steps) {
        return 0.5 * (1 + Math.cos(Math.PI * step / steps));
    }
}
