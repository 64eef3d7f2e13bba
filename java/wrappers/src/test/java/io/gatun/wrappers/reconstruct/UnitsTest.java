// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class UnitsTest {
    private static final List<String> CELSIUS =
            List.of("degree_Celsius", "degrees_C", "degC", "Celsius", "deg C", "degree_C", "C", " celsius ", "°C");
    private static final List<String> KELVIN = List.of("K", "kelvin", "Kelvin", "degree_K", "degrees_kelvin", "deg K");

    @Test
    void spellingsOfOneUnitAreNoOffsetApart() {
        for (List<String> unit : List.of(CELSIUS, KELVIN)) {
            for (String from : unit) {
                unit.forEach(to -> assertEquals(OptionalDouble.of(0), Units.offset(from, to), from + " to " + to));
            }
        }
        assertEquals(OptionalDouble.of(0), Units.offset("mg m-3", "mg m-3"));
    }

    @Test
    void kelvinAndCelsiusAreApartByTheirZeros() {
        for (String kelvin : KELVIN) {
            for (String celsius : CELSIUS) {
                assertEquals(OptionalDouble.of(-273.15), Units.offset(kelvin, celsius), kelvin + " to " + celsius);
                assertEquals(OptionalDouble.of(273.15), Units.offset(celsius, kelvin), celsius + " to " + kelvin);
            }
        }
    }

    @Test
    void thereIsNoWayBetweenOtherUnits() {
        for (String other : List.of("degree_F", "m", "", "1", "kg")) {
            assertTrue(Units.offset(other, "degree_Celsius").isEmpty(), other);
            assertTrue(Units.offset("degree_Celsius", other).isEmpty(), other);
            assertTrue(Units.offset("K", other).isEmpty(), other);
        }
    }
}
