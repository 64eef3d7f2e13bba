// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import java.util.List;
import java.util.Optional;

/**
 * What a run measured.
 *
 * @param setting of the run
 * @param rates what the device reached
 * @param rows operations, and the whole forward
 */
public record Report(Setting setting, Rates rates, List<Row> rows) {
    public Report {
        rows = List.copyOf(rows);
    }

    /**
     * What was measured, where and when.
     *
     * @param date of the start, ISO 8601
     * @param gatun version of Gatun
     * @param java version of the JVM
     * @param system name and architecture of the operating system
     * @param device name of the device
     * @param processor the device's processor
     * @param threads of the CPU device; 0 on others
     * @param instructions instruction set in force
     * @param libraries what serves which operation
     * @param precision of the products
     * @param shape extents of the input
     * @param model configuration of the model
     * @param weights file of the weights, or that they are random
     */
    public record Setting(String date, String gatun, String java, String system, String device, String processor,
            long threads, String instructions, String libraries, String precision, String shape, String model,
            String weights) {}

    /**
     * Samples of what the bounds rest on, in nanoseconds.
     *
     * @param copyBytes that a copy moves, read and written
     * @param copy its times
     * @param productFlops of a big product
     * @param product its times
     */
    public record Rates(double copyBytes, List<Double> copy, double productFlops, List<Double> product) {
        public Rates {
            copy = List.copyOf(copy);
            product = List.copyOf(product);
        }

        double bytesPerNanosecond() {
            return copyBytes / Statistics.median(copy);
        }

        double flopsPerNanosecond() {
            return productFlops / Statistics.median(product);
        }

        /** Nanoseconds that something needs at least with these rates. */
        double bound(Operation.Cost cost) {
            return Math.max(cost.bytes() / bytesPerNanosecond(), cost.flops() / flopsPerNanosecond());
        }
    }

    /**
     * Something that was timed.
     *
     * @param name of the operation, or forward
     * @param bytes moved at least; of a forward those of its operations together
     * @param flops done at least, likewise
     * @param bound nanoseconds that it needs at least, likewise
     * @param samples nanoseconds of a call
     */
    public record Row(String name, double bytes, double flops, double bound, List<Double> samples) {
        public Row {
            samples = List.copyOf(samples);
        }

        /** Part of the bound that is reached: 1 at the bound. */
        public double share() {
            return bound / median();
        }

        public double median() {
            return Statistics.median(samples);
        }
    }

    Optional<Row> row(String name) {
        return rows.stream().filter(row -> row.name().equals(name)).findFirst();
    }
}
