// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.prithvi;

import io.gatun.models.layers.Bicubic;
import io.gatun.models.layers.TokenGrid;
import java.util.Arrays;

/**
 * Prithvi's tables: positions of patches, and encodings of dates and places. Each is of sines and cosines, base 10000,
 * the sines of all frequencies before their cosines.
 */
final class PrithviPositions {
    private PrithviPositions() {}

    /**
     * The table of a grid: column, row and frame take 6, 6 and 4 sixteenths of E; a row of zeros for the class token
     * before. [1 + cells, E].
     */
    static float[] table(TokenGrid grid, int embedDim) {
        int part = embedDim / 16;
        float[] table = new float[Math.multiplyExact(1 + grid.cells(), embedDim)];
        for (int cell = 0; cell < grid.cells(); cell++) {
            int at = (1 + cell) * embedDim;
            int column = cell % grid.width();
            int row = cell / grid.width() % grid.height();
            int frame = cell / (grid.width() * grid.height());
            wave(column, table, at, 6 * part);
            wave(row, table, at + 6 * part, 6 * part);
            wave(frame, table, at + 12 * part, 4 * part);
        }
        return table;
    }

    private static void wave(int position, float[] table, int at, int width) {
        int half = width / 2;
        for (int k = 0; k < half; k++) {
            double angle = position * Math.pow(10000, -(double) k / half);
            table[at + k] = (float) Math.sin(angle);
            table[at + half + k] = (float) Math.cos(angle);
        }
    }

    /**
     * A table for another grid: made anew where the number of frames differs, then rows and columns resampled, bicubic
     * with aligned corners.
     */
    static float[] resampled(float[] table, TokenGrid grid, int embedDim, TokenGrid wanted) {
        float[] frames = wanted.frames() == grid.frames() ? table
                : table(new TokenGrid(wanted.frames(), grid.height(), grid.width()), embedDim);
        float[] patches = Bicubic.resample(Arrays.copyOfRange(frames, embedDim, frames.length), embedDim,
                Bicubic.alignedCorners(grid.height(), wanted.height()),
                Bicubic.alignedCorners(grid.width(), wanted.width()));
        float[] whole = Arrays.copyOf(frames, embedDim + patches.length);
        System.arraycopy(patches, 0, whole, embedDim, patches.length);
        return whole;
    }

    /**
     * Adds {@code scale} times the encoding of two numbers (year and day of year, or latitude and longitude), each of
     * half the columns, to a row. Angles are in single precision, as upstream's: at a year they have no more than four
     * right digits after the point, and the weights know those.
     */
    static void addPair(float first, float second, float scale, float[] rows, int at, int embedDim) {
        addWave(first, scale, rows, at, embedDim / 2);
        addWave(second, scale, rows, at + embedDim / 2, embedDim - embedDim / 2);
    }

    private static void addWave(float position, float scale, float[] rows, int at, int width) {
        int half = width / 2;
        for (int k = 0; k < half; k++) {
            float frequency = 1 / (float) Math.pow(10000, k / (width / 2f));
            float angle = position * frequency;
            rows[at + k] += scale * (float) Math.sin(angle);
            rows[at + half + k] += scale * (float) Math.cos(angle);
        }
    }
}
