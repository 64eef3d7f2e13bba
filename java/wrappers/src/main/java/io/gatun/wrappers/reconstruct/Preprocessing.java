// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What happens between a file's values and the model's numbers, as the checkpoint was trained.
 *
 * <p>Input: {@code (value - mean) / std}, then 0 where there is no value. Land cells are present zeros, upstream's
 * rule, unless {@code landIsMissing}. Output: {@link Target#RESIDUAL} is {@code baseline + prediction * scale}, the
 * baseline being the mean of the month's observations; {@link Target#ABSOLUTE} is {@code mean + prediction * std}.
 *
 * @param mean subtracted from the input, in {@code units}
 * @param std the input is divided by it, in {@code units}
 * @param units units of the values, for example {@code degree_Celsius}
 * @param target what the model predicts
 * @param residualScale factor of a residual prediction, in {@code units}
 * @param landIsMissing whether land enters the model as missing
 * @param fillPower exponent of the inverse-distance filling of the baseline
 * @param tile rows and columns of the windows the checkpoint was trained on, where known
 */
public record Preprocessing(
        double mean, double std, String units, Target target, double residualScale, boolean landIsMissing,
        int fillPower, Optional<Tile> tile) {
    /** What the model predicts. */
    public enum Target {
        /** The difference to the baseline, divided by a scale. */
        RESIDUAL,
        /** The normalised value itself. */
        ABSOLUTE
    }

    /**
     * Extents of a window in cells.
     *
     * @param height rows
     * @param width columns
     */
    public record Tile(int height, int width) {}

    private static final int DEFAULT_FILL_POWER = 4;

    /**
     * Checks the numbers.
     *
     * @throws ArgumentException if a number is not finite, or {@code std} or {@code residualScale} is not positive
     */
    public Preprocessing {
        if (!Double.isFinite(mean) || !(std > 0) || !(residualScale > 0) || Double.isInfinite(std * residualScale)
                || fillPower < 1) {
            throw new ArgumentException("preprocessing has mean " + mean + ", std " + std + ", residual scale "
                    + residualScale + ", fill power " + fillPower
                    + "; expected a finite mean, positive finite scales and a power of at least 1");
        }
    }

    /**
     * A model of residuals, as upstream trains with {@code calculate_residuals}.
     *
     * @param mean of the training values
     * @param std of the training values
     * @param units of both
     * @param residualScale factor of the prediction
     * @return with upstream's land rule and the default baseline
     */
    public static Preprocessing residual(double mean, double std, String units, double residualScale) {
        return new Preprocessing(mean, std, units, Target.RESIDUAL, residualScale, false, DEFAULT_FILL_POWER,
                Optional.empty());
    }

    /**
     * A model of the values themselves.
     *
     * @param mean of the training values
     * @param std of the training values
     * @param units of both
     * @return with upstream's land rule
     */
    public static Preprocessing absolute(double mean, double std, String units) {
        return new Preprocessing(mean, std, units, Target.ABSOLUTE, 1, false, DEFAULT_FILL_POWER, Optional.empty());
    }

    /**
     * The preprocessing that a checkpoint states in its section {@code normalization}.
     *
     * @param checkpoint the checkpoint
     * @return empty where it has no such section
     * @throws CheckpointException if the section lacks an entry or asks for something unknown
     */
    public static Optional<Preprocessing> of(Checkpoint checkpoint) {
        try {
            return checkpoint.section("normalization").map(section -> read(checkpoint, section));
        } catch (ArgumentException e) {
            throw new CheckpointException(checkpoint.source() + ": " + e.getMessage(), e);
        }
    }

    private static Preprocessing read(Checkpoint checkpoint, Map<String, Object> section) {
        String source = checkpoint.source();
        Target target = switch (String.valueOf(section.getOrDefault("target", "residual"))) {
            case "residual" -> Target.RESIDUAL;
            case "absolute" -> Target.ABSOLUTE;
            case String other -> throw new CheckpointException(source + ": normalization.target is " + other
                    + ", expected \"residual\" or \"absolute\"");
        };
        want(source, section, "baseline", "mean_of_observations");
        want(source, section, "fill_value_after_normalization", 0.0);
        Map<?, ?> fill = section.get("baseline_fill") instanceof Map<?, ?> map ? map : Map.of();
        want(source, fill, "method", "inverse_distance");
        want(source, fill, "distance", "grid_cells");
        double scale = target == Target.RESIDUAL ? number(source, section, "residual_scale") : 1;
        Object power = fill.get("power");
        return new Preprocessing(number(source, section, "mean"), number(source, section, "std"),
                String.valueOf(section.getOrDefault("units", "degree_Celsius")), target, scale,
                Boolean.TRUE.equals(section.get("land_is_missing")),
                power instanceof Number n ? n.intValue() : DEFAULT_FILL_POWER, tile(checkpoint));
    }

    private static void want(String source, Map<?, ?> section, String key, Object only) {
        Object value = section.get(key);
        boolean same = value == null || value.equals(only)
                || value instanceof Number a && only instanceof Number b && a.doubleValue() == b.doubleValue();
        if (!same) {
            throw new CheckpointException(source + ": its preprocessing asks for " + key + " = " + value
                    + "; this version knows " + only);
        }
    }

    private static double number(String source, Map<String, Object> section, String key) {
        if (section.get(key) instanceof Number number) {
            return number.doubleValue();
        }
        throw new CheckpointException(source + ": normalization." + key + " is " + section.get(key)
                + ", expected a number");
    }

    private static Optional<Tile> tile(Checkpoint checkpoint) {
        return checkpoint.section("training").map(training -> training.get("tile"))
                .filter(tile -> tile instanceof List<?> list && list.size() == 2
                        && list.stream().allMatch(Number.class::isInstance))
                .map(tile -> (List<?>) tile)
                .map(tile -> new Tile(((Number) tile.get(0)).intValue(), ((Number) tile.get(1)).intValue()));
    }
}
