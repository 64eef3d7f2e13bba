// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import java.util.Collection;

/**
 * The mean of a month's observations, cell by cell, and the number of days behind it. A sea cell without any takes the
 * mean of all observed sea cells of the month with weights {@code 1 / d^power}, d the distance in cells.
 *
 * @param mean [lat, lon] in the input's units; 0 on land
 * @param observedDays [lat, lon]; 0 on land
 */
record MonthlyBaseline(double[] mean, int[] observedDays) {
    /** NaN everywhere at sea where the month has no observation at all: {@link #isEmpty()} tells. */
    static MonthlyBaseline of(Collection<float[]> days, boolean[] land, int width, int power) {
        double[] mean = new double[land.length];
        int[] count = new int[land.length];
        for (float[] day : days) {
            for (int cell = 0; cell < land.length; cell++) {
                if (!land[cell] && !Float.isNaN(day[cell])) {
                    mean[cell] += day[cell];
                    count[cell]++;
                }
            }
        }
        int observed = 0;
        int[] cells = new int[land.length];
        for (int cell = 0; cell < land.length; cell++) {
            if (count[cell] > 0) {
                mean[cell] /= count[cell];
                cells[observed++] = cell;
            }
        }
        for (int cell = 0; cell < land.length; cell++) {
            if (!land[cell] && count[cell] == 0) {
                mean[cell] = filled(cell, mean, cells, observed, width, power);
            }
        }
        return new MonthlyBaseline(mean, count);
    }

    private static double filled(int cell, double[] mean, int[] observed, int count, int width, int power) {
        double sum = 0;
        double weights = 0;
        for (int i = 0; i < count; i++) {
            int rows = observed[i] / width - cell / width;
            int columns = observed[i] % width - cell % width;
            double squared = (double) rows * rows + (double) columns * columns;
            double weight = power == 4 ? 1 / (squared * squared) : Math.pow(squared, -power / 2.0);
            sum += weight * mean[observed[i]];
            weights += weight;
        }
        return sum / weights;
    }

    boolean isEmpty() {
        for (int days : observedDays) {
            if (days > 0) {
                return false;
            }
        }
        return true;
    }
}
