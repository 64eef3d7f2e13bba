// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.window;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowAxisTest {
    @ParameterizedTest
    @CsvSource({"32,32,8,false", "33,32,8,false", "201,32,8,false", "301,32,31,false", "7,32,8,false", "1,1,0,false",
        "360,32,8,true", "1440,32,16,true", "33,32,8,true", "32,32,8,true", "100,10,0,false", "100,10,0,true",
        "64,32,0,false", "65,32,30,false"})
    void weightsSumToOneAtEachCell(int extent, int window, int overlap, boolean wraps) {
        WindowAxis axis = new WindowAxis(extent, window, overlap, wraps);
        double[] sum = new double[extent];
        for (int i = 0; i < axis.count(); i++) {
            for (int p = 0; p < window; p++) {
                double weight = axis.weight(i, p);
                assertTrue(weight >= 0 && weight <= 1, "weight " + weight);
                if (axis.cell(i, p) >= 0) {
                    sum[axis.cell(i, p)] += weight;
                } else {
                    assertEquals(0, weight, "padding counts for nothing");
                }
            }
        }
        for (int cell = 0; cell < extent; cell++) {
            assertEquals(1, sum[cell], 1e-12, "cell " + cell + " of " + axis);
        }
    }

    @ParameterizedTest
    @CsvSource({"201,32,8,false", "360,32,8,true", "301,64,16,false", "1440,32,8,true"})
    void neighboursOverlapByAtLeastTheWantedCells(int extent, int window, int overlap, boolean wraps) {
        WindowAxis axis = new WindowAxis(extent, window, overlap, wraps);
        for (int i = 0; i + 1 < axis.count(); i++) {
            assertTrue(axis.start(i) + window - axis.start(i + 1) >= overlap, axis.toString());
        }
        int end = axis.start(axis.count() - 1) + window;
        assertTrue(wraps ? end - extent >= overlap : end == extent, axis.toString());
    }

    @Test
    void oneWindowCountsFullyEverywhere() {
        WindowAxis axis = new WindowAxis(32, 32, 8, false);
        assertEquals(1, axis.count());
        for (int p = 0; p < 32; p++) {
            assertEquals(1.0, axis.weight(0, p));
        }
    }

    @Test
    void weightsRiseWithoutJumps() {
        WindowAxis axis = new WindowAxis(56, 32, 8, false);
        assertEquals(2, axis.count());
        double before = 1;
        for (int p = 24; p < 32; p++) {
            double weight = axis.weight(0, p);
            assertTrue(weight < before && before - weight < 0.25, "at " + p + ": " + before + " to " + weight);
            assertEquals(1 - weight, axis.weight(1, p - 24), 1e-12);
            before = weight;
        }
    }

    @Test
    void refusesAnOverlapOfAWholeWindow() {
        ArgumentException e = assertThrows(ArgumentException.class, () -> new WindowAxis(100, 32, 32, false));
        assertTrue(e.getMessage().contains("32"), e.getMessage());
    }
}
