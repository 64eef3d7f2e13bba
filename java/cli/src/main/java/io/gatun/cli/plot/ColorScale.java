// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import java.util.Arrays;
import java.util.List;

/**
 * Which number has which colour.
 *
 * @param map the colours
 * @param low number at the lower end of the colour bar
 * @param high number at its upper end
 * @param units written above the colour bar
 */
record ColorScale(ColorMap map, double low, double high, String units) {
    private static final int MAX_TICKS = 6;
    /** Part of the differences that fits the bar; the few beyond have the colour of its ends. */
    private static final double DIFFERENCES_SHOWN = 0.99;

    /** From the smallest to the largest of all values, rounded outwards. */
    static ColorScale values(String units, List<float[]> fields) {
        return values(ColorMap.VIRIDIS, units, fields);
    }

    /** The same in other colours. */
    static ColorScale values(ColorMap map, String units, List<float[]> fields) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (float[] field : fields) {
            for (float value : field) {
                if (Float.isFinite(value)) {
                    low = Math.min(low, value);
                    high = Math.max(high, value);
                }
            }
        }
        if (low > high) {
            low = 0;
            high = 1;
        }
        double step = Ticks.step(Math.max(high - low, 1e-3), 2 * MAX_TICKS);
        double from = Ticks.floor(low, step);
        return new ColorScale(map, from, Math.max(Ticks.ceil(high, step), from + step), units);
    }

    /** From 0 to a number of days. */
    static ColorScale days(int highest) {
        return new ColorScale(ColorMap.COUNTS, 0, highest, "days");
    }

    /** Symmetric about 0. */
    static ColorScale differences(String units, List<float[]> fields) {
        double[] sizes = fields.stream()
                .flatMapToDouble(field -> {
                    double[] finite = new double[field.length];
                    for (int i = 0; i < field.length; i++) {
                        finite[i] = Math.abs(field[i]);
                    }
                    return Arrays.stream(finite).filter(Double::isFinite);
                })
                .sorted().toArray();
        double reach = sizes.length == 0 ? 1 : sizes[(int) (DIFFERENCES_SHOWN * (sizes.length - 1))];
        double rounded = Ticks.ceil(Math.max(reach, 1e-3), Ticks.step(Math.max(reach, 1e-3), MAX_TICKS));
        return new ColorScale(ColorMap.DIFFERENCES, -rounded, rounded, units);
    }

    int rgb(float value) {
        return map.rgb((value - low) / (high - low));
    }

    List<Double> ticks() {
        return Ticks.of(low, high, MAX_TICKS);
    }

    boolean anyBelow(float[] values) {
        return any(values, -1);
    }

    boolean anyAbove(float[] values) {
        return any(values, 1);
    }

    private boolean any(float[] values, int sign) {
        double slack = 1e-6 * (high - low);
        for (float value : values) {
            if (sign > 0 ? value > high + slack : value < low - slack) {
                return true;
            }
        }
        return false;
    }
}
