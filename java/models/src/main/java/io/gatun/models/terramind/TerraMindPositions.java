// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ShapeException;
import io.gatun.models.layers.Bicubic;
import io.gatun.models.layers.TokenGrid;

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

    /**
     * The grid whose positions token numbers have: upstream takes a number of them that could be a square for one,
     * unless that is corrected.
     */
    static TokenGrid places(TokenGrid grid, boolean corrected) {
        int side = side(grid.cells());
        return corrected || side * side != grid.cells() ? grid : new TokenGrid(1, side, side);
    }

    private static int side(int cells) {
        return (int) Math.round(Math.sqrt(cells));
    }

    /** A square table for another grid, upstream's {@code interpolate_pos_encoding}: bicubic, corners not aligned. */
    static float[] resampled(float[] table, int width, int rows, int columns) {
        int side = side(table.length / width);
        if (side * side != table.length / width) {
            throw new ShapeException("the weights have " + table.length / width + " positions, which are no square and"
                    + " cannot be resampled for " + rows + " x " + columns + " patches; give images of img_size");
        }
        return Bicubic.resample(table, width, Bicubic.centers(side, rows), Bicubic.centers(side, columns));
    }
}
