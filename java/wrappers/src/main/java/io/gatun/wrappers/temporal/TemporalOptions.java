// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.temporal;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Arguments of {@link TemporalWrapper}, with upstream's names.
 *
 * @param pooling how dates become one
 * @param nTimestamps dates of an input; what {@link TemporalPooling#CONCAT} needs to announce its channels
 * @param subsetLengths where given, each so many dates are averaged before the pooling; their sum is the number of
 *     dates
 * @param featuresPermuteOp where given, axes of a feature in the order that makes it [B, C, H, W]; undone afterwards
 * @param diffRule of {@link TemporalPooling#DIFF}
 * @param corrected repairs upstream's defects: a map of width 1 stays a map, {@link TemporalPooling#KEEP} works with
 *     {@code featuresPermuteOp}, and the channels announced of concatenated subsets are those delivered
 * @param stepsPerBatch dates that go through the backbone at a time, 0 for as many as fit into free memory; no result
 *     depends on it
 */
public record TemporalOptions(TemporalPooling pooling, OptionalInt nTimestamps, Optional<List<Integer>> subsetLengths,
        Optional<List<Integer>> featuresPermuteOp, DiffRule diffRule, boolean corrected, int stepsPerBatch) {
    /** Checks what can be checked without an image; throws {@link ArgumentException}. */
    public TemporalOptions {
        subsetLengths = subsetLengths.map(List::copyOf);
        featuresPermuteOp = featuresPermuteOp.map(List::copyOf);
        subsetLengths.ifPresent(lengths -> checkSubsets(pooling, nTimestamps, lengths));
        featuresPermuteOp.ifPresent(order -> {
            if (!order.stream().sorted().toList().equals(List.of(0, 1, 2, 3))) {
                throw new ArgumentException("TemporalWrapper: features_permute_op is " + order
                        + ", expected the axes 0 to 3 in some order");
            }
        });
        if (featuresPermuteOp.isPresent() && pooling == TemporalPooling.KEEP && !corrected) {
            throw new ArgumentException("TemporalWrapper: pooling keep with features_permute_op fails in TerraTorch,"
                    + " whose permutation has no place for the time axis; set corrected to have it, or leave one out");
        }
        if (nTimestamps.orElse(1) < 1 || stepsPerBatch < 0) {
            throw new ArgumentException("TemporalWrapper: n_timestamps is " + nTimestamps + " and steps_per_batch "
                    + stepsPerBatch + ", expected at least 1 and at least 0");
        }
    }

    private static void checkSubsets(TemporalPooling pooling, OptionalInt dates, List<Integer> lengths) {
        if (lengths.isEmpty() || lengths.stream().anyMatch(length -> length < 1)) {
            throw new ArgumentException("TemporalWrapper: subset_lengths is " + lengths
                    + ", expected numbers of at least 1");
        }
        if (pooling == TemporalPooling.DIFF && lengths.size() != 2) {
            throw new ArgumentException("TemporalWrapper: diff pooling requires exactly two subsets in subset_lengths,"
                    + " but got " + lengths.size() + ": " + lengths);
        }
        int sum = lengths.stream().mapToInt(Integer::intValue).sum();
        if (dates.isPresent() && dates.getAsInt() != sum) {
            throw new ArgumentException("TemporalWrapper: the sum of subset_lengths must equal n_timestamps (got sum="
                    + sum + ", n_timestamps=" + dates.getAsInt() + ")");
        }
    }

    /**
     * One way of pooling, all else as upstream has it by default.
     *
     * @param pooling how dates become one
     * @return the options
     */
    public static TemporalOptions of(TemporalPooling pooling) {
        return new TemporalOptions(
                pooling, OptionalInt.empty(), Optional.empty(), Optional.empty(), DiffRule.FIRST_TWO, false, 0);
    }

    /**
     * Upstream's keyword arguments {@code pooling}, {@code n_timestamps}, {@code subset_lengths} and
     * {@code features_permute_op}, and ours: {@code diff_rule}, {@code corrected}, {@code steps_per_batch}. The
     * deprecated {@code concat} is accepted and, as upstream, without effect.
     *
     * @param arguments the arguments
     * @return the options
     */
    public static TemporalOptions of(Arguments arguments) {
        arguments.flag("concat", false);
        int dates = arguments.integer("n_timestamps", 0);
        if (arguments.has("n_timestamps") && dates < 1) {
            throw new ArgumentException("TemporalWrapper: n_timestamps is " + dates + ", expected at least 1");
        }
        return new TemporalOptions(arguments.choice("pooling", TemporalPooling.class, TemporalPooling.MEAN),
                dates == 0 ? OptionalInt.empty() : OptionalInt.of(dates), arguments.integers("subset_lengths"),
                arguments.integers("features_permute_op"),
                arguments.choice("diff_rule", DiffRule.class, DiffRule.FIRST_TWO), arguments.flag("corrected", false),
                arguments.integer("steps_per_batch", 0));
    }

    /**
     * The same for a number of dates.
     *
     * @param dates dates of an input
     * @return the options
     */
    public TemporalOptions withTimestamps(int dates) {
        return new TemporalOptions(
                pooling, OptionalInt.of(dates), subsetLengths, featuresPermuteOp, diffRule, corrected, stepsPerBatch);
    }

    /**
     * The same with dates averaged in subsets first.
     *
     * @param lengths dates of each subset
     * @return the options
     */
    public TemporalOptions withSubsets(List<Integer> lengths) {
        return new TemporalOptions(pooling, nTimestamps, Optional.of(lengths), featuresPermuteOp, diffRule, corrected,
                stepsPerBatch);
    }

    /**
     * The same for features of another layout.
     *
     * @param order axes of a feature in the order that makes it [B, C, H, W]
     * @return the options
     */
    public TemporalOptions withPermutation(List<Integer> order) {
        return new TemporalOptions(
                pooling, nTimestamps, subsetLengths, Optional.of(order), diffRule, corrected, stepsPerBatch);
    }

    /**
     * The same under another rule for differences.
     *
     * @param rule what happens with more than two dates
     * @return the options
     */
    public TemporalOptions withDiffRule(DiffRule rule) {
        return new TemporalOptions(
                pooling, nTimestamps, subsetLengths, featuresPermuteOp, rule, corrected, stepsPerBatch);
    }

    /**
     * The same with upstream's defects repaired.
     *
     * @return the options
     */
    public TemporalOptions asCorrected() {
        return new TemporalOptions(
                pooling, nTimestamps, subsetLengths, featuresPermuteOp, diffRule, true, stepsPerBatch);
    }

    /**
     * The same with a number of dates at a time.
     *
     * @param steps dates, 0 for as many as fit
     * @return the options
     */
    public TemporalOptions withStepsPerBatch(int steps) {
        return new TemporalOptions(
                pooling, nTimestamps, subsetLengths, featuresPermuteOp, diffRule, corrected, steps);
    }
}
