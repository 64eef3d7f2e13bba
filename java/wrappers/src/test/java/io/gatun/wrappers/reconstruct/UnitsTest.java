// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class UnitsTest {
    @Test
    void spellingsOfCelsiusAreOneUnitAndKelvinIsAnother() {
        for (String celsius : List.of("degree_Celsius", "degrees_C", "degC", "Celsius", "deg C", "degree_C", "C")) {
            assertTrue(Units.same("degree_Celsius", celsius), celsius);
        }
        for (String other : List.of("K", "kelvin", "degree_F", "m", "")) {
            assertFalse(Units.same("degree_Celsius", other), other);
        }
        assertTrue(Units.same("K", "K"));
    }
}
