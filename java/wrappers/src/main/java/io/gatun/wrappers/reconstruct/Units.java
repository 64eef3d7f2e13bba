// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.DataException;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;

/** The spellings of temperature units that files use, and the way from one to the other. */
final class Units {
    private static final Set<String> CELSIUS = Set.of("degree_celsius", "degrees_celsius", "degc", "deg_c", "celsius",
            "c", "degree_c", "degrees_c", "°c");
    private static final Set<String> KELVIN = Set.of("kelvin", "k", "kelvins", "degree_kelvin", "degrees_kelvin",
            "degk", "deg_k", "degree_k", "degrees_k");
    private static final double PLAUSIBLE_CELSIUS = 100;
    private static final double ZERO_CELSIUS = 273.15;

    private Units() {}

    /** What to add to a value in one unit to have it in another; empty where there is no way. */
    static OptionalDouble offset(String from, String to) {
        if (from.equals(to) || isOf(CELSIUS, from) && isOf(CELSIUS, to) || isOf(KELVIN, from) && isOf(KELVIN, to)) {
            return OptionalDouble.of(0);
        }
        if (isOf(KELVIN, from) && isOf(CELSIUS, to)) {
            return OptionalDouble.of(-ZERO_CELSIUS);
        }
        return isOf(CELSIUS, from) && isOf(KELVIN, to) ? OptionalDouble.of(ZERO_CELSIUS) : OptionalDouble.empty();
    }

    /** Refuses what no place on Earth has: units that are not those of the numbers, or a fill value taken for one. */
    static void requirePlausible(String variable, String units, double lowest, double highest) {
        OptionalDouble toCelsius = offset(units, "degree_Celsius");
        double limit = toCelsius.isPresent() ? PLAUSIBLE_CELSIUS : Float.MAX_VALUE;
        double low = lowest + toCelsius.orElse(0);
        double high = highest + toCelsius.orElse(0);
        if (lowest <= highest && (low < -limit || high > limit)) {
            String guess = isOf(CELSIUS, units) && lowest > PLAUSIBLE_CELSIUS && highest < 2 * ZERO_CELSIUS
                    ? " They look like kelvin." : isOf(KELVIN, units) && Math.abs(highest) < PLAUSIBLE_CELSIUS
                    ? " They look like degrees Celsius." : "";
            throw new DataException("variable \"" + variable + "\" has values from " + (float) lowest + " to "
                    + (float) highest + " " + units + (toCelsius.isPresent()
                    ? "; expected temperatures of this planet, -100 to 100 degrees Celsius."
                    : "; expected finite numbers.") + guess
                    + " Correct the attribute units or _FillValue (for example with ncatted).");
        }
    }

    private static boolean isOf(Set<String> spellings, String units) {
        return spellings.contains(units.strip().toLowerCase(Locale.ROOT).replace(' ', '_'));
    }
}
