// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import java.util.Arrays;

/** The temperature of each step. */
public sealed interface TemperatureSchedule {
    /** Temperatures are at least this where they fall; 0 itself means something else. */
    double LEAST = 1e-9;

    /** The same in all steps. */
    record Constant() implements TemperatureSchedule {
        @Override
        public double[] temperatures(double first, int[] counts) {
            double[] all = new double[counts.length];
            Arrays.fill(all, first);
            return all;
        }
    }

    /** Falls as the share of tokens that are left. */
    record Linear() implements TemperatureSchedule {
        @Override
        public double[] temperatures(double first, int[] counts) {
            double[] all = new double[counts.length];
            long total = Arrays.stream(counts).asLongStream().sum();
            long left = total;
            for (int i = 0; i < all.length; i++) {
                all[i] = Math.max(first * left / total, LEAST);
                left -= counts[i];
            }
            return all;
        }
    }

    /**
     * Falls from the first temperature as one over a power, and as the share of tokens that are left.
     *
     * @param least what it falls to
     * @param power of the fall
     */
    record OneX(double least, double power) implements TemperatureSchedule {
        private static final double FIRST = 1;
        private static final double LAST = 100;

        @Override
        public double[] temperatures(double first, int[] counts) {
            long total = Arrays.stream(counts).asLongStream().sum();
            double[] all = new double[counts.length];
            double most = Math.pow(FIRST, -power);
            double floor = total > 1 ? Math.pow(LAST, -power) : most;
            long done = 0;
            for (int i = 0; i < all.length; i++) {
                done += counts[i];
                double x = total > 1 ? FIRST + i * (LAST - FIRST) / (total - 1) : FIRST;
                double fall = most == floor ? 0 : (Math.pow(x, -power) - floor) / (most - floor);
                all[i] = Math.max(least + (first - least) * (1 - (double) done / total) * fall, LEAST);
            }
            return all;
        }
    }

    /**
     * Temperatures of the steps.
     *
     * @param first the temperature that is asked for
     * @param counts tokens of each step, at least one token in all
     * @return as many as steps
     */
    double[] temperatures(double first, int[] counts);

    /**
     * A schedule by upstream's name.
     *
     * @param name {@code constant}, {@code linear} or {@code onex:LEAST:POWER}
     * @return the schedule
     * @throws ArgumentException if there is no such schedule
     */
    static TemperatureSchedule of(String name) {
        String[] parts = name.split(":");
        try {
            return switch (parts[0]) {
                case "constant" -> new Constant();
                case "linear" -> new Linear();
                case "onex" -> new OneX(Double.parseDouble(parts[1]), Double.parseDouble(parts[2]));
                default -> throw illegal(name);
            };
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw illegal(name);
        }
    }

    private static ArgumentException illegal(String name) {
        return new ArgumentException("Illegal temperature schedule " + name
                + "; expected constant, linear, or onex:LEAST:POWER such as onex:0.5:0.5");
    }
}
