// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TicksTest {
    @Test
    void ticksAreRoundNumbersInsideTheRange() {
        assertEquals(List.of(148.0, 150.0, 152.0, 154.0), Ticks.of(147, 155, 5));
        assertEquals(List.of(-0.4, -0.2, 0.0, 0.2, 0.4), Ticks.of(-0.45, 0.45, 5));
        assertEquals(List.of(0.001, 0.002, 0.003), Ticks.of(0.001, 0.003, 3));
    }

    @Test
    void largeStepsDivideTheCircle() {
        assertEquals(List.of(0.0, 90.0, 180.0, 270.0, 360.0), Ticks.ofDegrees(0, 360, 5));
        assertEquals(List.of(-60.0, -30.0, 0.0, 30.0, 60.0), Ticks.ofDegrees(-60, 60, 5));
        assertEquals(List.of(10.0, 20.0, 30.0, 40.0), Ticks.ofDegrees(5, 45, 5));
        assertEquals(List.of(148.0, 150.0, 152.0, 154.0), Ticks.ofDegrees(147, 155, 5));
    }

    @ParameterizedTest
    @CsvSource({"-44, 44°S", "0, 0°", "12.5, 12.5°N"})
    void latitudesNameTheirHemisphere(double lat, String label) {
        assertEquals(label, Ticks.latitude().apply(lat));
    }

    @ParameterizedTest
    @CsvSource({"148, 148°E", "0, 0°", "360, 0°", "350, 10°W", "-10, 10°W", "180, 180°", "182, 178°W"})
    void longitudesAreWithin180Degrees(double lon, String label) {
        assertEquals(label, Ticks.longitude().apply(lon));
    }

    @Test
    void labelsHaveATrueMinusSign() {
        assertEquals("\u22120.5", Ticks.label(-0.5));
        assertEquals("10", Ticks.label(10));
    }
}
