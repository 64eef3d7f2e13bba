// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.function.BiFunction;

/**
 * Which weights a model has: their names in order of loading, and their shapes. Found by building the model on
 * {@link Device#meta()}, so that nothing is allocated, whatever the model's size.
 *
 * @param weights name to shape and kind
 */
public record Structure(SequencedMap<String, Entry> weights) {
    /** What a weight is. */
    public enum Kind {
        /** Learned. */
        PARAMETER,
        /** Kept with the parameters, not learned: running statistics, tables. */
        BUFFER,
        /** May be in a checkpoint, and is not needed for inference. */
        UNUSED
    }

    /**
     * One weight.
     *
     * @param shape its extents
     * @param kind what it is
     */
    public record Entry(Shape shape, Kind kind) {}

    /** Makes the map unmodifiable and keeps its order. */
    public Structure {
        weights = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(weights));
    }

    /**
     * The structure of what a constructor builds.
     *
     * @param constructor builds a model from its weights, in a scope of the meta device
     * @return what it took
     */
    public static Structure of(BiFunction<Scope, StateDict, ?> constructor) {
        SequencedMap<String, Entry> entries = new LinkedHashMap<>();
        try (Scope scope = Scope.open(Device.meta())) {
            constructor.apply(scope, StateDict.describing(entries));
        }
        return new Structure(entries);
    }

    /**
     * Number of learned values, as PyTorch's {@code sum(p.numel() for p in model.parameters())}.
     *
     * @return the count
     */
    public long parameterCount() {
        return weights.values().stream().filter(e -> e.kind() == Kind.PARAMETER)
                .mapToLong(e -> e.shape().numElements()).sum();
    }

    /**
     * Random weights for this structure, the same for the same seed: uniform with PyTorch's usual bound of
     * {@code 1 / sqrt(fan in)} for matrices and kernels; norm weights and variances near 1, biases and means near 0.
     * For examples, tests and timings; nothing falls back on it.
     *
     * @param seed of the generator
     * @return the weights, f32
     */
    public Checkpoint random(long seed) {
        SplittableRandom root = new SplittableRandom(seed);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        weights.forEach((name, entry) -> {
            if (entry.kind() != Kind.UNUSED) {
                tensors.put(name, random(name, entry.shape(), root.split()));
            }
        });
        return new Checkpoint("random weights of seed " + seed, "random:" + seed, tensors, Map.of());
    }

    private static TensorData random(String name, Shape shape, SplittableRandom random) {
        boolean vector = shape.rank() <= 1;
        boolean nearOne = vector && (name.endsWith("weight") || name.endsWith("running_var"));
        double bound = vector ? 0.1 : 1 / Math.sqrt((double) shape.numElements() / Math.max(1, shape.toArray()[0]));
        MemorySegment bytes = Arena.ofAuto().allocate(Math.max(1, shape.numElements() * Float.BYTES), Float.BYTES);
        for (long i = 0; i < shape.numElements(); i++) {
            bytes.setAtIndex(JAVA_FLOAT, i, (float) ((nearOne ? 1 : 0) + (random.nextDouble() * 2 - 1) * bound));
        }
        return new TensorData(DType.F32, shape, bytes.asSlice(0, shape.numElements() * Float.BYTES));
    }
}
