// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.SampleOptions;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

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
        int[] order = IntStream.range(0, scores.length).boxed()
                .sorted(Comparator.comparingDouble(i -> -shares[i])).mapToInt(i -> i).toArray();
        double sum = 0;
        for (int i : order) {
            if (sum > share) {
                scores[i] = Float.NEGATIVE_INFINITY;
            }
            sum += shares[i];
        }
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
