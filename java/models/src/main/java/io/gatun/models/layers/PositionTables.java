// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.ShapeException;

/** Sinusoidal position tables (Vaswani et al. 2017): sine in even, cosine in odd columns, base 10000. */
public final class PositionTables {
    private PositionTables() {}

    /**
     * Row {@code p}, column pair {@code k}: sine and cosine of {@code p exp(-2k ln(10000) / width)}.
     *
     * @param length number of positions
     * @param width number of columns, even
     * @return [length, width], row-major
     * @throws ShapeException if the width is odd
     */
    public static float[] sinusoidal(int length, int width) {
        if (width % 2 != 0) {
            throw new ShapeException("a sinusoidal position table needs an even width, got " + width);
        }
        float[] table = new float[Math.multiplyExact(length, width)];
        // Upstream computes in single precision; so do we, where it shows in the last digits of large angles.
        float step = (float) (-Math.log(10000.0) / width);
        for (int k = 0; k < width / 2; k++) {
            float frequency = (float) Math.exp((float) (2 * k) * step);
            for (int position = 0; position < length; position++) {
                float angle = position * frequency;
                table[position * width + 2 * k] = (float) Math.sin(angle);
                table[position * width + 2 * k + 1] = (float) Math.cos(angle);
            }
        }
        return table;
    }

    /**
     * The sum of a row and a column table of half the width, repeated twice along the columns: ClimaNet's
     * {@code SpatialPositionalEncoding2D}.
     *
     * @param height rows of the grid
     * @param width columns of the grid
     * @param embedDim columns of the table, a multiple of 4
     * @return [height * width, embedDim], row-major
     * @throws ShapeException if {@code embedDim} is no multiple of 4
     */
    public static float[] spatial2d(int height, int width, int embedDim) {
        if (embedDim % 4 != 0) {
            throw new ShapeException("a 2-D position table needs an embed_dim that is a multiple of 4, got "
                    + embedDim);
        }
        int half = embedDim / 2;
        float[] rows = sinusoidal(height, half);
        float[] columns = sinusoidal(width, half);
        float[] table = new float[Math.multiplyExact(Math.multiplyExact(height, width), embedDim)];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int at = (y * width + x) * embedDim;
                for (int i = 0; i < half; i++) {
                    table[at + i] = table[at + half + i] = rows[y * half + i] + columns[x * half + i];
                }
            }
        }
        return table;
    }
}
