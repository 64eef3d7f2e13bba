// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import java.util.Arrays;

/**
 * The first principal components of vectors, by power iteration without the covariance matrix: each is orthogonal to
 * those before, and its largest loading is positive, so that the same data give the same components.
 */
final class PrincipalComponents {
    private static final int MAX_ITERATIONS = 2000;
    private static final double CONVERGED = 1e-13;
    /** Variances below this share of the whole are rounding. */
    private static final double NOTHING = 1e-12;

    private PrincipalComponents() {}

    /**
     * Scores of the cells.
     *
     * @param data [dimensions, cells]
     * @param cells how many
     * @param count how many components
     * @return [count][cells], 0 for components without variance
     */
    static double[][] scores(float[] data, int cells, int count) {
        int dimensions = data.length / cells;
        double[][] rows = centred(data, cells, dimensions);
        double total = Arrays.stream(rows).mapToDouble(row -> dot(row, row)).sum();
        double[][] axes = new double[count][];
        double[][] scores = new double[count][cells];
        for (int i = 0; i < count; i++) {
            axes[i] = axis(rows, Arrays.copyOf(axes, i), dimensions);
            double[] projected = project(rows, axes[i]);
            if (dot(projected, projected) > NOTHING * total) {
                scores[i] = projected;
            }
        }
        return scores;
    }

    private static double[][] centred(float[] data, int cells, int dimensions) {
        double[][] rows = new double[cells][dimensions];
        for (int d = 0; d < dimensions; d++) {
            double mean = 0;
            for (int cell = 0; cell < cells; cell++) {
                mean += data[d * cells + cell];
            }
            mean /= cells;
            for (int cell = 0; cell < cells; cell++) {
                rows[cell][d] = data[d * cells + cell] - mean;
            }
        }
        return rows;
    }

    private static double[] axis(double[][] rows, double[][] before, int dimensions) {
        double[] axis = start(rows, before);
        for (int i = 0; i < MAX_ITERATIONS; i++) {
            double[] next = new double[dimensions];
            for (double[] row : rows) {
                double score = dot(row, axis);
                for (int d = 0; d < dimensions; d++) {
                    next[d] += score * row[d];
                }
            }
            remove(before, next);
            if (!normalise(next)) {
                break;
            }
            double same = dot(next, axis);
            axis = next;
            if (1 - same < CONVERGED) {
                break;
            }
        }
        return signed(axis);
    }

    /** The cell that is farthest from what is explained: no axis of much variance is orthogonal to all of them. */
    private static double[] start(double[][] rows, double[][] before) {
        double[] best = new double[rows[0].length];
        double largest = 0;
        for (double[] row : rows) {
            double[] rest = row.clone();
            remove(before, rest);
            double square = dot(rest, rest);
            if (square > largest) {
                largest = square;
                best = rest;
            }
        }
        normalise(best);
        return best;
    }

    private static void remove(double[][] axes, double[] vector) {
        for (double[] axis : axes) {
            double share = dot(axis, vector);
            for (int d = 0; d < vector.length; d++) {
                vector[d] -= share * axis[d];
            }
        }
    }

    private static boolean normalise(double[] vector) {
        double length = Math.sqrt(dot(vector, vector));
        for (int d = 0; length > 0 && d < vector.length; d++) {
            vector[d] /= length;
        }
        return length > 0;
    }

    private static double[] signed(double[] axis) {
        int largest = 0;
        for (int d = 1; d < axis.length; d++) {
            largest = Math.abs(axis[d]) > Math.abs(axis[largest]) ? d : largest;
        }
        double sign = axis[largest] < 0 ? -1 : 1;
        return Arrays.stream(axis).map(value -> sign * value).toArray();
    }

    private static double[] project(double[][] rows, double[] axis) {
        return Arrays.stream(rows).mapToDouble(row -> dot(row, axis)).toArray();
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
