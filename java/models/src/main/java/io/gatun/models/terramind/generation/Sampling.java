// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import java.util.OptionalLong;

/**
 * How tokens are drawn. Every draw has a number of its own, made of the sample, the step and the place of the token,
 * and depends on it and the seed alone: not on the batch that the sample is in.
 *
 * @param topK how many tokens may be drawn, the best ones; a share of the vocabulary below 1; 0 for all
 * @param topP share of probability that the tokens which may be drawn have together; 0 for all
 * @param seed of the random numbers
 * @param firstSample number of the first sample of the batch; none: the same random numbers for every sample
 */
public record Sampling(double topK, double topP, long seed, OptionalLong firstSample) {
    private static final int STEP = 20;
    private static final int SAMPLE = 32;
    private static final long ORDER = 1L << 62;
    /** Steps whose draws have numbers of their own. */
    static final int MOST_STEPS = 1 << SAMPLE - STEP;

    /**
     * The number of a draw.
     *
     * @param sample of the batch
     * @param step of the schedule
     * @param place of the token
     * @return different for each
     */
    long draw(int sample, int step, long place) {
        long number = firstSample.isPresent() ? firstSample.getAsLong() + sample : 0;
        return number << SAMPLE | (long) step << STEP | place;
    }

    /** The number of what decides when a place comes, which is the same for all samples. */
    static long order(int step, long place) {
        return ORDER | (long) step << STEP | place;
    }
}
