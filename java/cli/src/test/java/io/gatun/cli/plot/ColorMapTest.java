// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ColorMapTest {
    private static double lightness(ColorMap map, double fraction) {
        return Oklab.of(map.rgb(fraction))[0];
    }

    @ParameterizedTest
    @EnumSource(names = {"VIRIDIS", "COUNTS"})
    void lightnessRunsOneWay(ColorMap map) {
        double direction = Math.signum(lightness(map, 1) - lightness(map, 0));
        for (int i = 1; i <= 50; i++) {
            double step = lightness(map, i / 50.0) - lightness(map, (i - 1) / 50.0);
            assertTrue(step * direction > -0.002, map + " turns back at " + i / 50.0);
        }
    }

    @Test
    void differencesOfOneSizeAreEquallyDark() {
        for (int i = 0; i <= 50; i++) {
            assertEquals(lightness(ColorMap.DIFFERENCES, i / 100.0), lightness(ColorMap.DIFFERENCES, 1 - i / 100.0),
                    0.02);
        }
        assertTrue(lightness(ColorMap.DIFFERENCES, 0.5) > 0.95);
    }

    @Test
    void endsAreTheAnchorsAndHoldOutside() {
        assertEquals(0x440154, ColorMap.VIRIDIS.rgb(-3));
        assertEquals(0xfde725, ColorMap.VIRIDIS.rgb(1));
        assertEquals(0xfde725, ColorMap.VIRIDIS.rgb(7));
    }
}
