// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.temporal;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.MemoryStats;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;

/**
 * A backbone for single dates, run on images [B, C, T, H, W]: each date goes through it alone, and the features are
 * pooled over the dates. TerraTorch's class of the same name.
 *
 * <p>As many dates as fit into free memory go through at a time, and are pooled in time order: mean, max and diff take
 * no memory that grows with the dates, and results do not depend on how the dates were split. Among the input's extras
 * further modalities [B, C, T, H, W] and {@code temporal_coords} [B, T, 2] are cut by date; all others are the same for
 * each date.
 */
public final class TemporalWrapper implements Backbone {
    /** On a CPU more at a time is not faster, once the workers are busy. */
    private static final long CPU_BUDGET = 256L << 20;
    private static final String COORDS = "temporal_coords";

    private final Backbone encoder;
    private final TemporalOptions options;

    /**
     * Wraps a backbone, which stays its owner's.
     *
     * @param encoder takes images [B, C, H, W]
     * @param options pooling
     */
    public TemporalWrapper(Backbone encoder, TemporalOptions options) {
        this.encoder = encoder;
        this.options = options;
    }

    /**
     * A wrapper around a backbone to be loaded. Weights have the names that upstream's wrapper gives them, below
     * {@code encoder}.
     *
     * @param encoder takes images [B, C, H, W]
     * @param options pooling
     * @return the loader
     */
    public static Loader<TemporalWrapper> loader(Loader<? extends Backbone> encoder, TemporalOptions options) {
        return (scope, state) -> new TemporalWrapper(encoder.load(scope, state.at("encoder")), options);
    }

    /**
     * The pooling.
     *
     * @return the options
     */
    public TemporalOptions options() {
        return options;
    }

    /**
     * Channels of each feature: those of the backbone, times the dates where these are concatenated.
     *
     * @throws ArgumentException if dates are concatenated and {@code n_timestamps} is not given
     */
    @Override
    public List<Integer> outChannels() {
        if (options.pooling() != TemporalPooling.CONCAT) {
            return encoder.outChannels();
        }
        int dates = options.nTimestamps().orElseThrow(() -> new ArgumentException("TemporalWrapper: the channels of"
                + " concat pooling follow from n_timestamps, which is missing; set it to the number of dates"));
        int times = options.corrected() ? options.subsetLengths().map(List::size).orElse(dates) : dates;
        return encoder.outChannels().stream().map(channels -> channels * times).toList();
    }

    @Override
    public OptionalInt patchSize() {
        return encoder.patchSize();
    }

    @Override
    public OptionalInt patchColumns() {
        return encoder.patchColumns();
    }

    /** The encoder's, for as many dates as are told, else for two. */
    @Override
    public Optional<Input> example(Scope scope) {
        boolean told = options.pooling() == TemporalPooling.CONCAT && options.nTimestamps().isPresent();
        int dates = told ? options.nTimestamps().getAsInt() : options.subsetLengths()
                .map(lengths -> lengths.stream().mapToInt(Integer::intValue).sum()).orElse(2);
        return encoder.example(scope).filter(TemporalWrapper::isOfImages).map(input -> {
            SequencedMap<String, Tensor> series = new LinkedHashMap<>();
            input.modalities().forEach((name, image) -> series.put(name,
                    scope.empty(DType.F32, image.dim(0), image.dim(1), dates, image.dim(-2), image.dim(-1))));
            return input.withImages(series, input.extras());
        });
    }

    /** Not of token numbers, in whose place series of maps are taken. */
    private static boolean isOfImages(Input input) {
        return input.modalities().values().stream()
                .allMatch(image -> image.dtype() == DType.F32 && image.shape().rank() >= 4);
    }

    @Override
    public List<Feature> forward(Scope scope, Input input) {
        int dates = datesOf(input);
        int used = options.pooling() == TemporalPooling.DIFF && options.subsetLengths().isEmpty() ? 2 : dates;
        List<SequencedMap<String, StepPool>> pools = new ArrayList<>();
        List<Boolean> single = new ArrayList<>();
        int steps = options.stepsPerBatch() == 0 ? 1 : options.stepsPerBatch();
        int from = 0;
        while (from < used) {
            int count = Math.min(steps, used - from);
            MemoryStats before = scope.device().memory();
            Input batch = batch(scope, input, from, count);
            List<Feature> features = encoder.forward(scope, batch);
            if (from == 0) {
                start(scope, features, used, pools, single);
                if (options.stepsPerBatch() == 0) {
                    steps = stepsThatFit(scope.device(), before);
                }
            }
            for (int layer = 0; layer < features.size(); layer++) {
                SequencedMap<String, StepPool> pool = pools.get(layer);
                parts(features.get(layer)).forEach((name, feature) -> addDates(pool.get(name), feature, count));
            }
            // Only now: a backbone may give one tensor twice, or the image itself.
            features.forEach(feature -> parts(feature).values().forEach(Tensor::close));
            batch.modalities().values().forEach(Tensor::close);
            batch.extras().values().forEach(Tensor::close);
            from += count;
        }
        List<Feature> result = new ArrayList<>();
        for (int layer = 0; layer < pools.size(); layer++) {
            SequencedMap<String, Tensor> pooled = new LinkedHashMap<>();
            pools.get(layer).forEach((name, pool) -> pooled.put(name, pool.result()));
            result.add(single.get(layer) ? new Feature.Single(pooled.firstEntry().getValue())
                    : new Feature.ByModality(pooled));
        }
        return result;
    }

    private int datesOf(Input input) {
        long dates = -1;
        SequencedMap<String, Tensor> all = new LinkedHashMap<>(input.modalities());
        input.extras().forEach((name, value) -> {
            if (isSeries(value)) {
                all.put(name, value);
            }
        });
        for (Map.Entry<String, Tensor> each : all.entrySet()) {
            Tensor image = each.getValue();
            if (!isSeries(image)) {
                throw new ShapeException("TemporalWrapper: expected input shape [B, C, T, H, W], got " + image.shape()
                        + (input.isImage() ? "" : " for " + each.getKey()));
            }
            if (dates >= 0 && image.dim(2) != dates) {
                throw new ShapeException("TemporalWrapper: " + each.getKey() + " has " + image.dim(2)
                        + " dates, the modalities before it " + dates + "; give the same dates of each");
            }
            dates = image.dim(2);
        }
        requireDates((int) dates);
        return (int) dates;
    }

    private static boolean isSeries(Tensor tensor) {
        return tensor.shape().rank() == 5;
    }

    private void requireDates(int dates) {
        if (dates < 1) {
            throw new ShapeException("TemporalWrapper: the input has no dates, expected at least one");
        }
        options.subsetLengths().ifPresent(lengths -> {
            int sum = lengths.stream().mapToInt(Integer::intValue).sum();
            if (sum != dates) {
                throw new ShapeException("TemporalWrapper: sum of subset_lengths (" + sum + ") must equal timesteps ("
                        + dates + ")");
            }
        });
        if (options.pooling() == TemporalPooling.DIFF && options.subsetLengths().isEmpty()) {
            boolean two = options.diffRule() == DiffRule.EXACTLY_TWO;
            if (dates < 2 || two && dates != 2) {
                throw new ShapeException("TemporalWrapper: diff pooling requires " + (two ? "exactly" : "at least")
                        + " two temporal elements (from input or after subset aggregation), got " + dates
                        + ". Consider subset_lengths to define two subsets.");
            }
        }
        if (options.pooling() == TemporalPooling.CONCAT && options.nTimestamps().orElse(dates) != dates) {
            throw new ShapeException("TemporalWrapper: the input has " + dates + " dates, n_timestamps is "
                    + options.nTimestamps().getAsInt() + "; the channels announced would not be those delivered");
        }
    }

    /** Dates from to from + count as one batch, date-major. */
    private static Input batch(Scope scope, Input input, int from, int count) {
        SequencedMap<String, Tensor> images = new LinkedHashMap<>();
        input.modalities().forEach((name, image) -> images.put(name, byDate(scope, name, image, from, count)));
        Map<String, Tensor> extras = new LinkedHashMap<>();
        input.extras().forEach((name, value) -> extras.put(name, byDate(scope, name, value, from, count)));
        return input.withImages(images, extras);
    }

    private static Tensor byDate(Scope scope, String name, Tensor value, int from, int count) {
        if (isSeries(value)) {
            try (Tensor chosen = value.slice(2, from, from + count); Tensor first = chosen.permute(2, 0, 1, 3, 4)) {
                return folded(scope, first);
            }
        }
        if (name.equals(COORDS)) {
            try (Tensor chosen = value.slice(1, from, from + count); Tensor one = chosen.unsqueeze(2);
                    Tensor first = one.permute(1, 0, 2, 3)) {
                return folded(scope, first);
            }
        }
        long[] shape = value.shape().toArray();
        long[] repeated = new long[shape.length + 1];
        repeated[0] = count;
        System.arraycopy(shape, 0, repeated, 1, shape.length);
        try (Tensor one = value.unsqueeze(0); Tensor all = one.expand(repeated)) {
            return folded(scope, all);
        }
    }

    /** [dates, B, ...] to dense [dates B, ...]. */
    private static Tensor folded(Scope scope, Tensor series) {
        long[] shape = Arrays.copyOfRange(series.shape().toArray(), 1, series.shape().rank());
        shape[0] *= series.dim(0);
        Tensor folded = scope.empty(series.dtype(), shape);
        try (Tensor place = folded.reshape(series.shape().toArray())) {
            Kernels.copy(scope, series, place);
        }
        return folded;
    }

    private void start(Scope scope, List<Feature> features, int dates, List<SequencedMap<String, StepPool>> pools,
            List<Boolean> single) {
        for (Feature feature : features) {
            SequencedMap<String, StepPool> pool = new LinkedHashMap<>();
            parts(feature).keySet().forEach(name -> pool.put(name, new StepPool(scope, options, dates)));
            pools.add(pool);
            single.add(feature instanceof Feature.Single);
        }
    }

    private static SequencedMap<String, Tensor> parts(Feature feature) {
        return switch (feature) {
            case Feature.Single one -> new LinkedHashMap<>(Map.of(Input.IMAGE, one.value()));
            case Feature.ByModality several -> several.values();
        };
    }

    private static void addDates(StepPool pool, Tensor feature, int count) {
        long batch = feature.dim(0) / count;
        for (int step = 0; step < count; step++) {
            try (Tensor one = feature.slice(0, step * batch, (step + 1) * batch)) {
                pool.add(one);
            }
        }
    }

    /** What one date took at most, into a quarter of what is free. */
    private static int stepsThatFit(Device device, MemoryStats before) {
        MemoryStats after = device.memory();
        long step = Math.max(1, after.bytesPeak() - before.bytesInUse());
        long free = (after.bytesLimit() - after.bytesInUse()) / 4;
        long budget = device.isCpu() ? Math.min(free, CPU_BUDGET) : free;
        return Math.clamp(budget / step, 1, 1 << 16);
    }
}
