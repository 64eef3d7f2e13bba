// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Precision;
import io.gatun.core.ShapeException;
import io.gatun.core.TensorData;
import io.gatun.models.climanet.SpatioTemporalConfig;
import io.gatun.wrappers.reconstruct.ProgressListener;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Times operations and the whole forward of a model on a device. Each thing is timed once in each of several rounds, so
 * that what disturbs the machine for a while disturbs all of them a little and none of them alone.
 *
 * @param size of the input
 * @param weights of the model
 * @param device where it runs
 * @param precision of the products
 * @param only names of what is timed; all of {@link #names()} where it is empty
 * @param rounds samples of each time
 */
public record Benchmark(
        InputSize size, Checkpoint weights, Device device, Precision precision, Set<String> only, int rounds) {
    private static final String FORWARD = "forward";
    private static final String COPY = "copy";
    private static final String PRODUCT = "product";

    /** Beyond the caches, together with what it is copied to. */
    private static final long COPY_BYTES = 128L << 20;
    private static final long PRODUCT_ROWS = 8192;
    /** Of a matrix that stays in the caches of a core, which a larger one does not. */
    private static final long PRODUCT_SIDE_CPU = 512;
    private static final long PRODUCT_SIDE_GPU = 8192;
    private static final double SAMPLE_NANOS = 50e6;

    /** Copies the names. */
    public Benchmark {
        only = Set.copyOf(only);
        if (!names().containsAll(only)) {
            throw new ArgumentException("no operation of the names "
                    + only.stream().filter(name -> !names().contains(name)).sorted().toList() + "; there are "
                    + names());
        }
        if (rounds < 3) {
            throw new ArgumentException(rounds + " rounds tell no spread; take at least 3");
        }
    }

    /** A random model of the default configuration, or of a workload's where the size is that of one. */
    public static Checkpoint randomWeights(InputSize size) {
        return Workload.of(size).map(Workload::checkpoint)
                .orElseGet(() -> RandomModel.checkpoint("random weights", SpatioTemporalConfig.defaults()));
    }

    /** Names of all that can be timed. */
    public static List<String> names() {
        List<String> names = new ArrayList<>(Operation.names());
        names.add(FORWARD);
        return List.copyOf(names);
    }

    /** Rates of the device, then the rows. */
    public record Result(Report.Rates rates, List<Report.Row> rows) {}

    /**
     * Measures.
     *
     * @throws InterruptedRunException if the thread is interrupted
     */
    public Result run(ProgressListener progress) {
        SpatioTemporalConfig config = SpatioTemporalConfig.of(weights);
        requireFoldedDecoder();
        Extents extents = new Extents(config, size, device.isCpu());
        Map<String, TensorData> input = size.input(config.inChans());
        long side = device.isCpu() ? PRODUCT_SIDE_CPU : PRODUCT_SIDE_GPU;
        try (Forward forward = Forward.of(weights, input, device, precision);
                Operations operations = new Operations(extents, input, device, precision)) {
            // First, since it checks that the input fits the model.
            forward.run();
            Map<String, Timed> timed = new LinkedHashMap<>();
            timed.put(COPY, new Timed(operations.copy(COPY_BYTES)));
            timed.put(PRODUCT, new Timed(operations.product(PRODUCT_ROWS, side)));
            for (Operation operation : Operation.values()) {
                if (wanted(operation.toString())) {
                    timed.put(operation.toString(), new Timed(operations.call(operation)));
                }
            }
            if (wanted(FORWARD)) {
                timed.put(FORWARD, new Timed(forward::run));
            }
            measure(timed, progress);
            Report.Rates rates = new Report.Rates(2.0 * COPY_BYTES, timed.get(COPY).samples,
                    2.0 * PRODUCT_ROWS * side * side, timed.get(PRODUCT).samples);
            return new Result(rates, rows(timed, extents, rates));
        }
    }

    private void measure(Map<String, Timed> timed, ProgressListener progress) {
        long steps = (long) timed.size() * (rounds + 1);
        long done = 0;
        for (Timed each : timed.values()) {
            progress.progress("warming up", done++, steps);
            requireRunning();
            each.warmUp();
        }
        for (int round = 1; round <= rounds; round++) {
            for (Timed each : timed.values()) {
                progress.progress("round " + round + " of " + rounds, done++, steps);
                requireRunning();
                each.sample();
            }
        }
    }

    private List<Report.Row> rows(Map<String, Timed> timed, Extents extents, Report.Rates rates) {
        List<Report.Row> rows = new ArrayList<>();
        double bytes = 0;
        double flops = 0;
        double bound = 0;
        for (Operation operation : Operation.values()) {
            Operation.Cost cost = operation.cost(extents);
            int times = operation.timesInForward(extents.config());
            bytes += times * cost.bytes();
            flops += times * cost.flops();
            bound += times * rates.bound(cost);
            if (wanted(operation.toString())) {
                rows.add(new Report.Row(operation.toString(), cost.bytes(), cost.flops(), rates.bound(cost),
                        timed.get(operation.toString()).samples));
            }
        }
        if (wanted(FORWARD)) {
            rows.add(new Report.Row(FORWARD, bytes, flops, bound, timed.get(FORWARD).samples));
        }
        return rows;
    }

    private boolean wanted(String name) {
        return only.isEmpty() || only.contains(name);
    }

    private void requireFoldedDecoder() {
        TensorData refine = weights.tensors().get("decoder.refine.0.weight");
        if (refine != null && refine.shape().rank() == 4 && refine.shape().dim(2) != 3) {
            throw new ShapeException(weights.source() + ": its decoder refines with a kernel of " + refine.shape()
                    + "; the operations that are timed here have 3 x 3. Take another model.");
        }
    }

    private static void requireRunning() {
        InterruptedRunException.throwIfInterrupted(
                "the measurement was interrupted; nothing was written. Start it again.");
    }

    /** A call and its samples. */
    private static final class Timed {
        private final Runnable call;
        private final List<Double> samples = new ArrayList<>();
        private int calls = 1;

        Timed(Runnable call) {
            this.call = call;
        }

        /** Runs until the JVM has compiled what is short, and finds how many calls a sample takes. */
        void warmUp() {
            call.run();
            long start = System.nanoTime();
            long spent;
            int done = 0;
            do {
                call.run();
                done++;
                spent = System.nanoTime() - start;
            } while (spent < 2 * SAMPLE_NANOS);
            calls = (int) Math.max(1, Math.round(SAMPLE_NANOS / spent * done));
        }

        void sample() {
            long start = System.nanoTime();
            for (int i = 0; i < calls; i++) {
                call.run();
            }
            samples.add((double) (System.nanoTime() - start) / calls);
        }
    }
}
