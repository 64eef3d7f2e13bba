// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/** Round numbers for an axis: multiples of 1, 2 or 5 times a power of ten. */
final class Ticks {
    private Ticks() {}

    /** The round numbers in a range that is not empty. */
    static List<Double> of(double low, double high, int atMost) {
        return multiples(low, high, step(high - low, atMost));
    }

    /** The same for angles: above 10 degrees the steps divide the circle. */
    static List<Double> ofDegrees(double low, double high, int atMost) {
        double step = step(high - low, atMost);
        for (int angle : new int[] {15, 30, 60, 90}) {
            if (step > 10 && (high - low) / atMost <= angle) {
                return multiples(low, high, angle);
            }
        }
        return multiples(low, high, step);
    }

    private static List<Double> multiples(double low, double high, double step) {
        List<Double> ticks = new ArrayList<>();
        double tolerance = 1e-9 * step;
        for (double k = Math.ceil((low - tolerance) / step); k * step <= high + tolerance; k++) {
            ticks.add(round(k, step));
        }
        return ticks;
    }

    /** The smallest round step that gives no more than a number of steps. */
    static double step(double span, int atMost) {
        double raw = span / atMost;
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        for (int factor : new int[] {1, 2, 5}) {
            if (factor * power >= raw * (1 - 1e-9)) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    /** The next multiple of a step that is not below a number. */
    static double ceil(double value, double step) {
        return round(Math.ceil(value / step - 1e-9), step);
    }

    static double floor(double value, double step) {
        return round(Math.floor(value / step + 1e-9), step);
    }

    private static double round(double count, double step) {
        return BigDecimal.valueOf(step).multiply(BigDecimal.valueOf(count)).doubleValue();
    }

    /** A number without needless zeros, with a true minus sign. */
    static String label(double value) {
        String digits = BigDecimal.valueOf(Math.abs(value)).stripTrailingZeros().toPlainString();
        return value < 0 ? "\u2212" + digits : digits;
    }

    static DoubleFunction<String> latitude() {
        return lat -> label(Math.abs(lat)) + "°" + (lat > 0 ? "N" : lat < 0 ? "S" : "");
    }

    static DoubleFunction<String> longitude() {
        return lon -> {
            double wrapped = lon - 360 * Math.floor((lon + 180) / 360);
            boolean meridian = wrapped == 0 || wrapped == -180;
            return label(Math.abs(wrapped)) + "°" + (meridian ? "" : wrapped > 0 ? "E" : "W");
        };
    }
}
