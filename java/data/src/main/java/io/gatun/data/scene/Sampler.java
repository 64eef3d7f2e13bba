// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.geotiff.PixelWindow;
import java.util.Arrays;
import java.util.Optional;

/**
 * Takes the values of a scene's grid at the centres of some rows of a target's pixels.
 *
 * @param columns where the centre of each pixel lies in the grid, counted from its outer edge
 * @param rows likewise
 * @param window the part of the grid they need; empty where none lies in it
 */
record Sampler(BandGrid grid, double[] columns, double[] rows, Optional<PixelWindow> window) {
    static Sampler of(BandGrid grid, TargetGrid target, int firstRow, int count) {
        double[] columns = new double[count * target.width()];
        double[] rows = new double[columns.length];
        GeoTransform to = target.transform();
        GeoTransform from = grid.transform();
        boolean same = grid.crs().equals(target.crs());
        double[] bounds = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, -1, -1};
        for (int i = 0; i < columns.length; i++) {
            double column = i % target.width() + 0.5;
            double row = firstRow + i / target.width() + 0.5;
            double x = to.x(column, row);
            double y = to.y(column, row);
            if (!same) {
                double[] moved = moved(target.crs(), x, y, grid.crs());
                x = moved[0];
                y = moved[1];
            }
            columns[i] = from.column(x, y);
            rows[i] = from.row(x, y);
            if (isInside(grid, columns[i], rows[i])) {
                bounds[0] = Math.min(bounds[0], columns[i]);
                bounds[1] = Math.min(bounds[1], rows[i]);
                bounds[2] = Math.max(bounds[2], columns[i]);
                bounds[3] = Math.max(bounds[3], rows[i]);
            }
        }
        return new Sampler(grid, columns, rows, bounds[2] < 0 ? Optional.empty() : Optional.of(window(grid, bounds)));
    }

    static double[] moved(Crs from, double x, double y, Crs to) {
        double[] degrees = from.toDegrees(x, y);
        return to.fromDegrees(degrees[0], degrees[1]);
    }

    private static boolean isInside(BandGrid grid, double column, double row) {
        return column >= 0 && row >= 0 && column <= grid.width() && row <= grid.height();
    }

    /** With the neighbours that interpolation needs. */
    private static PixelWindow window(BandGrid grid, double[] bounds) {
        int left = Math.max(0, (int) Math.floor(bounds[0] - 0.5));
        int top = Math.max(0, (int) Math.floor(bounds[1] - 0.5));
        int right = Math.min(grid.width(), (int) Math.floor(bounds[2] - 0.5) + 2);
        int bottom = Math.min(grid.height(), (int) Math.floor(bounds[3] - 0.5) + 2);
        return new PixelWindow(top, left, bottom - top, right - left);
    }

    /** [bands, pixels] between the four nearest; NaN outside, and where more than half of the weight is missing. */
    float[] bilinear(int[] bands) {
        float[] result = filled(bands.length);
        window.ifPresent(part -> {
            float[] source = grid.read(bands, part);
            for (int i = 0; i < columns.length; i++) {
                if (isInside(grid, columns[i], rows[i])) {
                    for (int band = 0; band < bands.length; band++) {
                        result[band * columns.length + i] = between(source, band, part, columns[i], rows[i]);
                    }
                }
            }
        });
        return result;
    }

    /** [bands, pixels], the nearest; NaN outside. */
    float[] nearest(int... bands) {
        float[] result = filled(bands.length);
        window.ifPresent(part -> {
            float[] source = grid.read(bands, part);
            for (int i = 0; i < columns.length; i++) {
                if (isInside(grid, columns[i], rows[i])) {
                    int column = Math.clamp((int) columns[i] - part.column(), 0, part.columns() - 1);
                    int row = Math.clamp((int) rows[i] - part.row(), 0, part.rows() - 1);
                    for (int band = 0; band < bands.length; band++) {
                        result[band * columns.length + i] =
                                source[(band * part.rows() + row) * part.columns() + column];
                    }
                }
            }
        });
        return result;
    }

    private float[] filled(int bands) {
        float[] result = new float[bands * columns.length];
        Arrays.fill(result, Float.NaN);
        return result;
    }

    private static float between(float[] source, int band, PixelWindow part, double column, double row) {
        double x = column - 0.5 - part.column();
        double y = row - 0.5 - part.row();
        double left = Math.floor(x);
        double top = Math.floor(y);
        double sum = 0;
        double weights = 0;
        for (int corner = 0; corner < 4; corner++) {
            int dx = corner & 1;
            int dy = corner >> 1;
            double weight = Math.abs(1 - dx - (x - left)) * Math.abs(1 - dy - (y - top));
            int atColumn = Math.clamp((int) left + dx, 0, part.columns() - 1);
            int atRow = Math.clamp((int) top + dy, 0, part.rows() - 1);
            float value = source[(band * part.rows() + atRow) * part.columns() + atColumn];
            if (weight > 0 && !Float.isNaN(value)) {
                sum += weight * value;
                weights += weight;
            }
        }
        return weights >= 0.5 ? (float) (sum / weights) : Float.NaN;
    }
}
