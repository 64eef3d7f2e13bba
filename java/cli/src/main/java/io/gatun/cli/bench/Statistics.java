// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Numbers that stand for many. */
public final class Statistics {
    /** High, as a table has many rows: one in a hundred is found different though nothing is. */
    static final double CONFIDENCE = 0.99;

    private static final int RESAMPLES = 10_000;
    private static final long SEED = 20260227;

    private Statistics() {}

    /** A range of a number. */
    record Interval(double low, double high) {
        boolean contains(double value) {
            return low <= value && value <= high;
        }
    }

    /** The middle one, or the mean of the two middle ones. */
    public static double median(List<Double> samples) {
        return quantile(samples, 0.5);
    }

    /** The quantile of a share, linear between samples. */
    static double quantile(List<Double> samples, double share) {
        return quantile(samples.stream().mapToDouble(Double::doubleValue).sorted().toArray(), share);
    }

    private static double quantile(double[] sorted, double share) {
        double at = share * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    /** Where median(above) / median(below) lies, by the percentile bootstrap; the same for the same samples. */
    static Interval ratioOfMedians(List<Double> above, List<Double> below) {
        SplittableRandom random = new SplittableRandom(SEED);
        double[] ratios = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            ratios[i] = resampledMedian(above, random) / resampledMedian(below, random);
        }
        Arrays.sort(ratios);
        double tail = (1 - CONFIDENCE) / 2;
        return new Interval(quantile(ratios, tail), quantile(ratios, 1 - tail));
    }

    private static double resampledMedian(List<Double> samples, SplittableRandom random) {
        double[] drawn = new double[samples.size()];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = samples.get(random.nextInt(drawn.length));
        }
        Arrays.sort(drawn);
        return quantile(drawn, 0.5);
    }
}
