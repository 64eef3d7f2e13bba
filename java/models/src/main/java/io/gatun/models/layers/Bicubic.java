// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

/**
 * Bicubic resampling of position tables on the host, in double precision, as {@code torch.nn.functional.interpolate}
 * does it. An axis is resampled by a matrix [to][from] of weights.
 */
public final class Bicubic {
    private Bicubic() {}

    /**
     * {@code align_corners=True}, without antialiasing: the first and last cells stay where they are; Keys' kernel with
     * a = -0.75, and beyond the border the cell at the border.
     *
     * @param from cells there are
     * @param to cells wanted
     * @return weights [to][from]
     */
    public static double[][] alignedCorners(int from, int to) {
        double[][] weights = new double[to][from];
        for (int i = 0; i < to; i++) {
            double center = to == 1 ? 0 : (double) i * (from - 1) / (to - 1);
            int cell = (int) center;
            for (int tap = cell - 1; tap <= cell + 2; tap++) {
                weights[i][Math.clamp(tap, 0, from - 1)] += kernel(tap - center, -0.75);
            }
        }
        return weights;
    }

    /**
     * {@code align_corners=False}, without antialiasing: Keys' kernel with a = -0.75, and beyond the border the cell at
     * the border.
     *
     * @param from cells there are
     * @param to cells wanted
     * @return weights [to][from]
     */
    public static double[][] centers(int from, int to) {
        double[][] weights = new double[to][from];
        for (int i = 0; i < to; i++) {
            double center = (i + 0.5) * from / to - 0.5;
            int cell = (int) Math.floor(center);
            for (int tap = cell - 1; tap <= cell + 2; tap++) {
                weights[i][Math.clamp(tap, 0, from - 1)] += kernel(tap - center, -0.75);
            }
        }
        return weights;
    }

    /**
     * {@code align_corners=False, antialias=True}: Keys' kernel with a = -0.5, as wide as the cells that it takes the
     * mean of where the table shrinks; its weights within the table add up to 1.
     *
     * @param from cells there are
     * @param to cells wanted
     * @return weights [to][from]
     */
    public static double[][] antialiased(int from, int to) {
        double[][] weights = new double[to][from];
        double scale = (double) from / to;
        double stretch = Math.max(scale, 1);
        for (int i = 0; i < to; i++) {
            double center = scale * (i + 0.5);
            int first = Math.max(0, (int) (center - 2 * stretch + 0.5));
            int end = Math.min(from, (int) (center + 2 * stretch + 0.5));
            double total = 0;
            for (int tap = first; tap < end; tap++) {
                weights[i][tap] = kernel((tap + 0.5 - center) / stretch, -0.5);
                total += weights[i][tap];
            }
            for (int tap = first; tap < end; tap++) {
                weights[i][tap] /= total;
            }
        }
        return weights;
    }

    private static double kernel(double distance, double a) {
        double x = Math.abs(distance);
        if (x <= 1) {
            return ((a + 2) * x - (a + 3)) * x * x + 1;
        }
        return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
    }

    /**
     * Resamples rows and columns of each frame of a table.
     *
     * @param table [frames, from rows, from columns, E], row-major
     * @param embedDim E
     * @param rows weights of the rows
     * @param columns weights of the columns
     * @return [frames, to rows, to columns, E]
     */
    public static float[] resample(float[] table, int embedDim, double[][] rows, double[][] columns) {
        int fromRows = rows[0].length;
        int fromColumns = columns[0].length;
        int frames = table.length / (fromRows * fromColumns * embedDim);
        double[] narrow = new double[table.length];
        for (int i = 0; i < table.length; i++) {
            narrow[i] = table[i];
        }
        double[] wide = along(narrow, frames * fromRows, embedDim, columns);
        double[] tall = along(wide, frames, columns.length * embedDim, rows);
        float[] result = new float[tall.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) tall[i];
        }
        return result;
    }

    /** [outer, from, inner] to [outer, to, inner]. */
    private static double[] along(double[] values, int outer, int inner, double[][] weights) {
        int to = weights.length;
        int from = weights[0].length;
        double[] result = new double[Math.multiplyExact(Math.multiplyExact(outer, to), inner)];
        for (int row = 0; row < outer * to; row++) {
            for (int tap = 0; tap < from; tap++) {
                double weight = weights[row % to][tap];
                int source = (row / to * from + tap) * inner;
                for (int i = 0; weight != 0 && i < inner; i++) {
                    result[row * inner + i] += weight * values[source + i];
                }
            }
        }
        return result;
    }
}
