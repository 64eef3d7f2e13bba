// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ShapeException;
import org.junit.jupiter.api.Test;

class PositionTablesTest {
    @Test
    void sinusoidalFollowsTheFormula() {
        int width = 10;
        float[] table = PositionTables.sinusoidal(31, width);
        for (int p = 0; p < 31; p++) {
            for (int column = 0; column < width; column++) {
                double angle = p * Math.pow(10000, -(column - column % 2) / (double) width);
                assertEquals(column % 2 == 0 ? Math.sin(angle) : Math.cos(angle), table[p * width + column], 5e-6,
                        "row " + p + ", column " + column);
            }
        }
    }

    @Test
    void spatialIsTheSumOfRowAndColumnTwice() {
        float[] axis = PositionTables.sinusoidal(7, 6);
        float[] table = PositionTables.spatial2d(5, 7, 12);
        assertEquals(5 * 7 * 12, table.length);
        for (int y = 0; y < 5; y++) {
            for (int x = 0; x < 7; x++) {
                for (int i = 0; i < 12; i++) {
                    assertEquals(axis[y * 6 + i % 6] + axis[x * 6 + i % 6], table[(y * 7 + x) * 12 + i]);
                }
            }
        }
    }

    @Test
    void widthsThatDoNotDivideAreRefused() {
        String text = assertThrows(ShapeException.class, () -> PositionTables.sinusoidal(3, 5)).getMessage();
        assertTrue(text.contains("even") && text.contains("5"), text);
        text = assertThrows(ShapeException.class, () -> PositionTables.spatial2d(3, 3, 6)).getMessage();
        assertTrue(text.contains("multiple of 4") && text.contains("6"), text);
    }
}
