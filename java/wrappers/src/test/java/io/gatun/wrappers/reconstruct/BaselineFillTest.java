// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The baseline of cells without an observation, against a search through all cells. */
class BaselineFillTest {
    /** One month: row-major, 0 without a value. */
    private record Month(int height, int width, double[] means, int[] days, boolean[] land) {
        static Month random(Random random, int height, int width, double observed) {
            Month month = new Month(height, width, new double[height * width], new int[height * width],
                    new boolean[height * width]);
            for (int cell = 0; cell < month.means.length; cell++) {
                month.land[cell] = random.nextInt(5) == 0;
                if (!month.land[cell] && random.nextDouble() < observed) {
                    month.days[cell] = 1 + random.nextInt(31);
                    month.means[cell] = 15 + 5 * random.nextDouble();
                }
            }
            return month;
        }

        double[] filled(BaselineFill fill, int firstRow, int endRow) {
            int from = fill.firstNeeded(firstRow) * width;
            int to = fill.endNeeded(endRow) * width;
            double[] result = Arrays.copyOfRange(means, from, to);
            fill.fill(result, Arrays.copyOfRange(days, from, to), land, firstRow, endRow);
            return Arrays.copyOfRange(result, firstRow * width - from, endRow * width - from);
        }

        /** Observed cells by distance; as many as asked for, and all that are as far away as the last. */
        double[] bruteForce(boolean wraps, int power, int nearest, double reach) {
            double[] result = means.clone();
            for (int cell = 0; cell < means.length; cell++) {
                if (land[cell] || days[cell] > 0) {
                    continue;
                }
                List<double[]> others = new ArrayList<>();
                for (int other = 0; other < means.length; other++) {
                    if (days[other] == 0) {
                        continue;
                    }
                    int columns = Math.abs(other % width - cell % width);
                    double distance = Math.hypot(other / width - cell / width,
                            wraps ? Math.min(columns, width - columns) : columns);
                    if (distance <= reach) {
                        others.add(new double[] {distance, means[other]});
                    }
                }
                others.sort(Comparator.comparingDouble(pair -> pair[0]));
                double sum = 0;
                double weights = 0;
                for (double[] other : others.subList(0, Math.min(nearest, others.size()))) {
                    sum += other[1] / Math.pow(other[0], power);
                    weights += 1 / Math.pow(other[0], power);
                }
                result[cell] = sum / weights;
            }
            return result;
        }
    }

    @Test
    void allObservedCellsCountOnSmallGrids() {
        for (int seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            Month month = Month.random(random, 7, 5, 0.3);
            int power = 1 + random.nextInt(5);
            boolean wraps = random.nextBoolean();
            BaselineFill fill = new BaselineFill(7, 5, wraps, power);
            double[] expected = month.bruteForce(wraps, power, Integer.MAX_VALUE, Double.MAX_VALUE);
            assertArrayEquals(expected, month.filled(fill, 0, 7), 1e-9, "seed " + seed);
            assertArrayEquals(Arrays.copyOfRange(expected, 10, 25), month.filled(fill, 2, 5), 1e-9, "rows, " + seed);
        }
    }

    @Test
    void upTo256CellsEachWayTheRuleIsExact() {
        for (int[] size : new int[][] {{256, 256, 1}, {257, 3, 0}, {3, 257, 0}, {300, 300, 0}}) {
            BaselineFill fill = new BaselineFill(size[0], size[1], false, 4);
            boolean exact = fill.firstNeeded(size[0] - 1) == 0 && fill.endNeeded(1) == size[0];
            assertEquals(size[2] == 1, exact && size[0] > 2 * BaselineFill.REACH, size[0] + " x " + size[1]);
        }
    }

    /** With equal values at equal distances it does not matter which of them are the last of the 64. */
    @Test
    void theNearest64WithinReachCountOnLargeGrids() {
        for (int seed = 0; seed < 4; seed++) {
            Random random = new Random(seed);
            boolean wraps = seed % 2 == 0;
            // Few observed cells: fewer than 64 within reach of any, some with none.
            Month sparse = Month.random(random, 90, 100, 0.003);
            BaselineFill fill = new BaselineFill(90, 100, wraps, 4, false);
            double[] expected = sparse.bruteForce(wraps, 4, 64, BaselineFill.REACH);
            assertArrayEquals(expected, sparse.filled(fill, 0, 90), 1e-9, "seed " + seed);
            assertArrayEquals(Arrays.copyOfRange(expected, 4500, 5000), sparse.filled(fill, 45, 50), 1e-9,
                    "rows of a band, seed " + seed);
            // Many: the 64 nearest, ties aside, whose share is below the tolerance.
            Month dense = Month.random(random, 30, 40, 0.3);
            fill = new BaselineFill(30, 40, wraps, 4, false);
            expected = dense.bruteForce(wraps, 4, 64, BaselineFill.REACH);
            double[] actual = dense.filled(fill, 0, 30);
            for (int cell = 0; cell < actual.length; cell++) {
                assertEquals(expected[cell], actual[cell], 0.05, "seed " + seed + ", cell " + cell);
            }
        }
    }

    @Test
    void cellsBeyondReachStayMissing() {
        int width = 300;
        Month month = new Month(1, width, new double[width], new int[width], new boolean[width]);
        month.days[100] = 3;
        month.means[100] = 17;
        month.land[120] = true;
        double[] filled = month.filled(new BaselineFill(1, width, false, 4), 0, 1);
        for (int cell = 0; cell < width; cell++) {
            double expected = cell == 120 ? 0 : Math.abs(cell - 100) <= BaselineFill.REACH ? 17 : Double.NaN;
            assertEquals(expected, filled[cell], 1e-12, "cell " + cell);
        }
        month.days[100] = 0;
        month.days[5] = 1;
        filled = month.filled(new BaselineFill(1, width, true, 4), 0, 1);
        assertTrue(!Double.isNaN(filled[width - 1]) && !Double.isNaN(filled[width - 35]), "around the globe");
        assertTrue(Double.isNaN(filled[width - 36]), "41 cells away around the globe");
    }
}
