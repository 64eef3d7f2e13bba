// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.models.layers.Bicubic;

/** TerraMind's tables of positions: sines, then cosines, of frequencies 10000^(-k / n), in single precision. */
final class TerraMindPositions {
    private TerraMindPositions() {}

    /** [length, width]: sines in the first half of the columns, cosines in the second. */
    static float[] sequence(int length, int width) {
        float[] table = new float[Math.multiplyExact(length, width)];
        for (int position = 0; position < length; position++) {
            fill(table, position * width, position, width / 2);
        }
        return table;
    }

    /**
     * [rows columns, width]: sines and cosines of the column, then of the row, a quarter each. Its entries run down the
     * columns, though patches run along the rows: upstream's tokens take the place of the transposed image.
     */
    static float[] image(int rows, int columns, int width) {
        float[] table = new float[Math.multiplyExact(Math.multiplyExact(rows, columns), width)];
        for (int column = 0; column < columns; column++) {
            for (int row = 0; row < rows; row++) {
                int at = (column * rows + row) * width;
                fill(table, at, column, width / 4);
                fill(table, at + width / 2, row, width / 4);
            }
        }
        return table;
    }

    private static void fill(float[] table, int at, int position, int frequencies) {
        for (int k = 0; k < frequencies; k++) {
            float frequency = 1 / (float) Math.pow(10000, (float) k / frequencies);
            table[at + k] = (float) Math.sin(position * frequency);
            table[at + frequencies + k] = (float) Math.cos(position * frequency);
        }
    }

    /** A square table for another grid, upstream's {@code interpolate_pos_encoding}: bicubic, corners not aligned. */
    static float[] resampled(float[] table, int width, int rows, int columns) {
        int side = (int) Math.sqrt((double) table.length / width);
        return Bicubic.resample(table, width, Bicubic.centers(side, rows), Bicubic.centers(side, columns));
    }
}
