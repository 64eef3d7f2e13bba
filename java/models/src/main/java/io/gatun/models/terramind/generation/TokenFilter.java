// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.SampleOptions;
import java.util.Arrays;

/**
 * What {@link io.gatun.core.Reductions#sampleTokens} draws from, on the host: upstream's {@code top_k_top_p_filtering}
 * and the softmax behind it. For {@link Scheme#MASKGIT}, which asks how sure a token is.
 */
final class TokenFilter {
    private TokenFilter() {}

    /** Probabilities of the {@code count} scores from {@code first} on; those that are filtered out are 0. */
    static float[] probabilities(float[] logits, int first, int count, SampleOptions options) {
        float[] scores = Arrays.copyOfRange(logits, first, first + count);
        double topK = options.topK();
        if (topK > 0) {
            double kept = topK < 1 ? topK * count : topK;
            keepFirst(scores, Math.clamp((long) kept, 1, count));
        }
        if (options.topP() > 0 && options.topP() < 1) {
            keepShare(scores, options.topP());
        }
        softmax(scores, options.temperature());
        return scores;
    }

    private static void keepFirst(float[] scores, int kept) {
        float[] sorted = scores.clone();
        Arrays.sort(sorted);
        float least = sorted[sorted.length - kept];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = scores[i] < least ? Float.NEGATIVE_INFINITY : scores[i];
        }
    }

    private static void keepShare(float[] scores, double share) {
        float[] shares = scores.clone();
        softmax(shares, 1);
        double sum = 0;
        for (int i : descending(shares, 0, shares.length)) {
            if (sum > share) {
                scores[i] = Float.NEGATIVE_INFINITY;
            }
            sum += shares[i];
        }
    }

    /**
     * Places of the {@code count} values from {@code first} on, the largest value first, among equals the first. None
     * is negative, so that their bits are in their order: a value and its place are sorted as one number.
     */
    static int[] descending(float[] values, int first, int count) {
        long[] keys = new long[count];
        for (int i = 0; i < count; i++) {
            keys[i] = (long) -Float.floatToIntBits(values[first + i]) << Integer.SIZE | first + i;
        }
        Arrays.sort(keys);
        int[] places = new int[count];
        for (int i = 0; i < count; i++) {
            places[i] = (int) keys[i];
        }
        return places;
    }

    private static void softmax(float[] scores, double temperature) {
        double most = Double.NEGATIVE_INFINITY;
        for (float score : scores) {
            most = Math.max(most, score);
        }
        double sum = 0;
        for (float score : scores) {
            sum += Math.exp((score - most) / temperature);
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] = (float) (Math.exp((scores[i] - most) / temperature) / sum);
        }
    }
}
