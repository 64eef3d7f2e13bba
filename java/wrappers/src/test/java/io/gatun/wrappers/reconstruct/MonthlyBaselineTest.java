// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MonthlyBaselineTest {
    private static final int HEIGHT = 7;
    private static final int WIDTH = 5;

    /** Row by row and cell by cell, distances by Pythagoras. */
    private static double[] bruteForce(List<float[]> days, boolean[] land, int power) {
        double[][] mean = new double[HEIGHT][WIDTH];
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int cell = y * WIDTH + x;
                mean[y][x] = land[cell] ? Double.NaN : days.stream().mapToDouble(day -> day[cell])
                        .filter(value -> !Double.isNaN(value)).average().orElse(Double.NaN);
            }
        }
        double[] result = new double[HEIGHT * WIDTH];
        for (int cell = 0; cell < result.length; cell++) {
            double own = mean[cell / WIDTH][cell % WIDTH];
            if (land[cell] || !Double.isNaN(own)) {
                result[cell] = land[cell] ? 0 : own;
                continue;
            }
            double sum = 0;
            double weights = 0;
            for (int y = 0; y < HEIGHT; y++) {
                for (int x = 0; x < WIDTH; x++) {
                    double weight = 1 / Math.pow(Math.hypot(y - cell / WIDTH, x - cell % WIDTH), power);
                    if (!Double.isNaN(mean[y][x])) {
                        sum += weight * mean[y][x];
                        weights += weight;
                    }
                }
            }
            result[cell] = sum / weights;
        }
        return result;
    }

    @Test
    void meansAndFillingMatchBruteForce() {
        for (int seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            boolean[] land = new boolean[HEIGHT * WIDTH];
            for (int cell = 0; cell < land.length; cell++) {
                land[cell] = random.nextInt(5) == 0;
            }
            List<float[]> days = new ArrayList<>();
            for (int day = 0; day < 1 + random.nextInt(4); day++) {
                float[] values = new float[land.length];
                for (int cell = 0; cell < values.length; cell++) {
                    values[cell] = random.nextInt(3) > 0 ? Float.NaN : 15 + 5 * random.nextFloat();
                }
                days.add(values);
            }
            int power = 1 + random.nextInt(5);
            MonthlyBaseline baseline = MonthlyBaseline.of(days, land, WIDTH, power);
            assertArrayEquals(bruteForce(days, land, power), baseline.mean(), 1e-9, "seed " + seed);
            for (int cell = 0; cell < land.length; cell++) {
                int at = cell;
                long observed = land[cell] ? 0 : days.stream().filter(day -> !Float.isNaN(day[at])).count();
                assertEquals(observed, baseline.observedDays()[cell], "seed " + seed + ", cell " + cell);
            }
        }
    }

    @Test
    void aMonthWithoutObservationsAtSeaIsEmpty() {
        float[] day = new float[HEIGHT * WIDTH];
        Arrays.fill(day, Float.NaN);
        boolean[] land = new boolean[day.length];
        assertTrue(MonthlyBaseline.of(List.of(day), land, WIDTH, 4).isEmpty());
        assertTrue(MonthlyBaseline.of(List.of(), land, WIDTH, 4).isEmpty());
        day[8] = 3;
        assertFalse(MonthlyBaseline.of(List.of(day), land, WIDTH, 4).isEmpty());
        land[8] = true;
        assertTrue(MonthlyBaseline.of(List.of(day), land, WIDTH, 4).isEmpty(), "a value on land is none");
    }
}
