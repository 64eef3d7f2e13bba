// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import static io.gatun.models.TestInputs.refuses;
import static io.gatun.models.terramind.TerraMindModels.config;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import io.gatun.core.ArgumentException;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.models.Input;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerraMindUnitsTest {
    private static final TerraMindConfig CONFIG = config(List.of("S2L2A", "S2L1C", "RGB", "S1GRD", "S1RTC", "DEM",
            "LULC", Map.of("PLANET", 1)), Map.of());

    @ParameterizedTest
    @CsvSource({"S2L2A, 0, 0.4, multiply reflectance by 10000", "S2L1C, -1.5, 4, standardised values",
            "S2L2A, -9999, 4000, digital numbers", "S2L1C, 0, 70000, digital numbers",
            "RGB, 0, 1, multiply them by 255", "RGB, -2, 3, 0 to 255", "RGB, 0, 4000, 0 to 255",
            "S1GRD, 0, 0.8, linear backscatter; take 10 log10",
            "S1RTC, 0.001, 2, 10 log10", "S1GRD, -9999, -5, fill missing values", "DEM, -32768, 900, metres",
            "DEM, 0, 90000, metres", "S1GRD, NaN, -5, without NaN", "PLANET, 0, Infinity, infinity"})
    void valuesOfAnotherUnitAreNamed(String name, float low, float high, String says) {
        check(name, low, high, says);
    }

    @ParameterizedTest
    @CsvSource({"S2L2A, 0, 12000", "S2L2A, 0, 0", "S2L1C, -900, 65535", "RGB, 0, 255", "RGB, 0, 3", "S1GRD, -40, 10",
            "S1RTC, -25, -3", "DEM, -420, 8849", "PLANET, -1e6, 1e6"})
    void valuesThatCanBeRightPass(String name, float low, float high) {
        check(name, low, high, "");
    }

    private static void check(String name, float low, float high, String says) {
        try (Scope scope = Scope.open(Device.cpu())) {
            int channels = CONFIG.modalities().get(name).size();
            float[] values = new float[channels * 256];
            Arrays.fill(values, low);
            values[values.length / 2] = high;
            Input input = Input.of(name, scope.of(values, 1, channels, 16, 16));
            if (says.isEmpty()) {
                assertDoesNotThrow(() -> TerraMindUnits.require(scope, input, CONFIG));
            } else {
                refuses(ArgumentException.class, () -> TerraMindUnits.require(scope, input, CONFIG), name, says);
            }
        }
    }

    @Test
    void tokenNumbersAreOfTheVocabulary() {
        try (Scope scope = Scope.open(Device.cpu())) {
            Input most = Input.of("LULC", scope.of(new long[] {0, 4374, 7, 8}, 1, 2, 2));
            Input beyond = Input.of("LULC", scope.of(new long[] {0, 4375, 7, 8}, 1, 2, 2));
            assertDoesNotThrow(() -> TerraMindUnits.require(scope, most, CONFIG));
            refuses(ArgumentException.class, () -> TerraMindUnits.require(scope, beyond, CONFIG), "below 4375");
        }
    }
}
