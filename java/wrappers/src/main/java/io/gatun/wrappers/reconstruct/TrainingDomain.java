// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Where and for what a checkpoint was trained, as its section {@code training} says; a model is good for nothing else
 * until somebody shows that it is.
 *
 * @param latitudes first and last, degrees north, where stated
 * @param longitudes first and last, degrees east, where stated
 * @param years first and last, where stated
 * @param gridDegrees size of a cell, where stated
 * @param values lowest and highest training value, in the preprocessing's units, where stated
 */
public record TrainingDomain(Optional<Range> latitudes, Optional<Range> longitudes, Optional<Range> years,
        Optional<Double> gridDegrees, Optional<Range> values) {
    /**
     * A closed interval.
     *
     * @param low its lower end
     * @param high its upper end
     */
    public record Range(double low, double high) {
        boolean contains(double value, double margin) {
            return value >= low - margin && value <= high + margin;
        }

        /** For messages. */
        @Override
        public String toString() {
            return number(low) + " to " + number(high);
        }
    }

    /**
     * The domain that a checkpoint states.
     *
     * @param checkpoint the checkpoint
     * @return its domain, with nothing in it where nothing is stated
     */
    public static TrainingDomain of(Checkpoint checkpoint) {
        Map<String, Object> training = checkpoint.section("training").orElse(Map.of());
        Map<?, ?> region = training.get("region") instanceof Map<?, ?> map ? map : Map.of();
        return new TrainingDomain(range(region.get("lat")), range(region.get("lon")),
                range(training.get("training_years")),
                training.get("grid_degrees") instanceof Number n ? Optional.of(n.doubleValue()) : Optional.empty(),
                range(training.get("value_range_degC")));
    }

    private static Optional<Range> range(Object value) {
        return value instanceof List<?> list && list.size() == 2 && list.get(0) instanceof Number low
                && list.get(1) instanceof Number high
                ? Optional.of(new Range(low.doubleValue(), high.doubleValue())) : Optional.empty();
    }

    /** One sentence with numbers about what lies outside, or none. Values are in the preprocessing's units. */
    Optional<String> warning(Grid grid, double lowest, double highest) {
        List<String> parts = new ArrayList<>();
        double[] lat = grid.lat();
        double cell = lat.length > 1 ? Math.abs(lat[lat.length - 1] - lat[0]) / (lat.length - 1) : 0;
        outside(parts, "latitude", latitudes, lat[0], lat[lat.length - 1], cell);
        outside(parts, "longitude", longitudes, grid.lon()[0], grid.lastLongitude(), cell);
        gridDegrees.filter(degrees -> cell > 0 && Math.abs(cell / degrees - 1) > 0.1).ifPresent(degrees ->
                parts.add("a cell has " + number(cell) + " degrees, in training " + number(degrees)));
        values.filter(range -> !range.contains(lowest, 0.5) || !range.contains(highest, 0.5)).ifPresent(range ->
                parts.add("values are " + number(lowest) + " to " + number(highest) + ", in training " + range));
        return parts.isEmpty() ? Optional.empty()
                : Optional.of("the input is outside of what the checkpoint was trained for: "
                        + String.join("; ", parts));
    }

    private static void outside(List<String> parts, String what, Optional<Range> trained, double one, double other,
            double cell) {
        double first = Math.min(one, other);
        double last = Math.max(one, other);
        // Longitudes may count from 0 or from -180.
        trained.filter(range -> !(range.contains(first, cell) && range.contains(last, cell)
                || range.contains(first + 360, cell) && range.contains(last + 360, cell)
                || range.contains(first - 360, cell) && range.contains(last - 360, cell)))
                .ifPresent(range -> parts.add(what + " is " + number(first) + " to " + number(last) + ", in training "
                        + range));
    }

    private static String number(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.format(Locale.ROOT, "%.4g", value);
    }
}
