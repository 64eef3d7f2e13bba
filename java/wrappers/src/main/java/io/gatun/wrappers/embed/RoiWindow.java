// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.wrappers.embed.OutputSpec.Pooling;
import java.util.List;

/**
 * Where the wanted region lies in a square image, in shares of its side; row 0 is the north.
 *
 * @param y0 first row
 * @param y1 end of the rows
 * @param x0 first column
 * @param x1 end of the columns
 */
public record RoiWindow(double y0, double y1, double x0, double x1) {
    /** The whole image. */
    public static final RoiWindow FULL = new RoiWindow(0, 1, 0, 1);

    /**
     * Whether this is the whole image.
     *
     * @return true where nothing is cut off
     */
    public boolean isFull() {
        return equals(FULL);
    }

    /**
     * The cells of a grid that the window touches, at least one.
     *
     * @param height rows of the grid
     * @param width columns of the grid
     * @return first row, end of the rows, first column, end of the columns
     */
    public List<Integer> cells(int height, int width) {
        int top = Math.clamp((int) Math.floor(y0 * height), 0, height - 1);
        int bottom = Math.clamp((int) Math.ceil(y1 * height), top + 1, height);
        int left = Math.clamp((int) Math.floor(x0 * width), 0, width - 1);
        int right = Math.clamp((int) Math.ceil(x1 * width), left + 1, width);
        return List.of(top, bottom, left, right);
    }

    /**
     * The part of a grid that the window touches.
     *
     * @param grid [D, height, width]
     * @return [D, rows, columns] of {@link #cells}; the grid itself where the window is full
     */
    public Raster cropped(Raster grid) {
        if (isFull()) {
            return grid;
        }
        List<Integer> cells = cells(grid.height(), grid.width());
        int rows = cells.get(1) - cells.get(0);
        int columns = cells.get(3) - cells.get(2);
        float[] part = new float[grid.bands() * rows * columns];
        for (int i = 0; i < grid.bands() * rows; i++) {
            int row = i / rows * grid.height() + cells.get(0) + i % rows;
            System.arraycopy(grid.values(), row * grid.width() + cells.get(2), part, i * columns, columns);
        }
        return Raster.of(part, grid.bands(), rows, columns);
    }

    /**
     * One number for each channel of a grid.
     *
     * @param grid [D, height, width]
     * @param pooling mean or largest
     * @return [D]
     */
    static float[] pooled(Raster grid, Pooling pooling) {
        int cells = grid.height() * grid.width();
        float[] pooled = new float[grid.bands()];
        for (int d = 0; d < pooled.length; d++) {
            double sum = 0;
            float largest = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < cells; i++) {
                sum += grid.values()[d * cells + i];
                largest = Math.max(largest, grid.values()[d * cells + i]);
            }
            pooled[d] = pooling == Pooling.MAX ? largest : (float) (sum / cells);
        }
        return pooled;
    }
}
