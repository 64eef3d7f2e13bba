// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BicubicTest {
    /** Keys' kernel with a = -0.5 at the distances of a halving: 0.25, 0.75, 1.25, 1.75. */
    private static final double[] KEYS = {0.8671875, 0.2265625, -0.0703125, -0.0234375};

    @Test
    void halvingWithAntialiasingTakesEveryCellWithinTwoNewOnes() {
        double[] row = Bicubic.antialiased(8, 4)[1];
        double total = 2 * (KEYS[0] + KEYS[1] + KEYS[2]) + KEYS[3];
        double[] expected = {KEYS[2], KEYS[1], KEYS[0], KEYS[0], KEYS[1], KEYS[2], KEYS[3], 0};
        assertArrayEquals(Arrays.stream(expected).map(w -> w / total).toArray(), row, 1e-15);
    }

    @Test
    void enlargingWithAntialiasingTakesFourCellsAndFewerAtTheBorder() {
        double[][] rows = Bicubic.antialiased(4, 8);
        assertArrayEquals(new double[] {KEYS[2], KEYS[0], KEYS[1], KEYS[3]}, rows[3], 1e-15);
        double total = KEYS[0] + KEYS[1] + KEYS[3];
        assertArrayEquals(new double[] {KEYS[0] / total, KEYS[1] / total, KEYS[3] / total, 0}, rows[1], 1e-15);
        for (double[] row : rows) {
            assertEquals(1, Arrays.stream(row).sum(), 1e-14);
        }
    }

    @Test
    void alignedCornersKeepTheCornersAndEveryCellOfTheSameSize() {
        for (int size : new int[] {1, 2, 7, 14}) {
            double[][] same = Bicubic.alignedCorners(size, size);
            for (int i = 0; i < size; i++) {
                for (int j = 0; j < size; j++) {
                    assertEquals(i == j ? 1 : 0, same[i][j], "size " + size);
                }
            }
        }
        double[][] rows = Bicubic.alignedCorners(5, 9);
        assertArrayEquals(new double[] {1, 0, 0, 0, 0}, rows[0], 1e-15);
        assertArrayEquals(new double[] {0, 0, 0, 0, 1}, rows[8], 1e-15);
        // Halfway between two cells, a = -0.75: -3/32, 19/32, 19/32, -3/32; before the first cell is the first.
        assertArrayEquals(new double[] {0, -3 / 32., 19 / 32., 19 / 32., -3 / 32.}, rows[5], 1e-15);
        assertArrayEquals(new double[] {16 / 32., 19 / 32., -3 / 32., 0, 0}, rows[1], 1e-15);
    }

    @Test
    void framesColumnsAndRowsAreResampledEachAlongItsAxis() {
        // Values that are the sum of a frame, a row and a column, in two columns of a table.
        float[] table = new float[2 * 3 * 4 * 2];
        for (int i = 0; i < table.length; i++) {
            int cell = i / 2;
            table[i] = (i % 2 == 0 ? 1 : -2) * (100 * (cell / 12) + 10 * (cell / 4 % 3) + cell % 4);
        }
        double[][] rows = {{0, 1, 0}, {0, 0, 1}};
        double[][] columns = {{0, 0.5, 0.5, 0}};
        float[] expected = {11.5f, -23, 21.5f, -43, 111.5f, -223, 121.5f, -243};
        assertArrayEquals(expected, Bicubic.resample(table, 2, rows, columns));
    }
}
