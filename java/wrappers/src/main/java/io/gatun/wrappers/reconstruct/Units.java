// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import java.util.Locale;
import java.util.Set;

/** The spellings of temperature units that files use. */
final class Units {
    private static final Set<String> CELSIUS =
            Set.of("degree_celsius", "degrees_celsius", "degc", "deg_c", "celsius", "c", "degree_c", "degrees_c");

    private Units() {}

    static boolean same(String a, String b) {
        return a.equals(b) || isCelsius(a) && isCelsius(b);
    }

    private static boolean isCelsius(String units) {
        return CELSIUS.contains(units.toLowerCase(Locale.ROOT).replace(' ', '_'));
    }
}
