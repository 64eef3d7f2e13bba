// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import java.util.Locale;
import java.util.Set;

/** Units as they stand in a picture or table. */
public final class UnitLabel {
    private static final Set<String> CELSIUS =
            Set.of("degree_celsius", "degrees_celsius", "degc", "deg_c", "celsius", "c", "degree_c", "degrees_c");
    private static final Set<String> KELVIN = Set.of("k", "kelvin", "degk", "degree_k", "degrees_k");

    private UnitLabel() {}

    /** Of values: {@code °C} for degree_Celsius. */
    public static String ofValues(String units) {
        return isOne(units, CELSIUS) ? "°C" : isOne(units, KELVIN) ? "K" : units;
    }

    /** Of differences of values: {@code K} for every temperature. */
    public static String ofDifferences(String units) {
        return isOne(units, CELSIUS) ? "K" : ofValues(units);
    }

    private static boolean isOne(String units, Set<String> spellings) {
        return spellings.contains(units.strip().toLowerCase(Locale.ROOT).replace(' ', '_'));
    }
}
