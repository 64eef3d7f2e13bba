// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The weights of a checkpoint by name, with a path prefix, and a record of what was asked for.
 *
 * <p>A loader takes every weight it wants and then calls {@link #finish()}, which throws with all names that are
 * missing, unexpected or of another shape. Until then a weight that cannot be had is all zeros, so that loading goes
 * on and the report is complete: nothing taken may be used before {@code finish()} has returned.
 *
 * <p>For one thread.
 */
public final class StateDict {
    /** Prefixes that wrappers of a model are known to put before its names. */
    private static final List<String> KNOWN_PREFIXES =
            List.of("model.", "module.", "_orig_mod.", "encoder.", "model._orig_mod.", "module._orig_mod.");

    private static final class Loading {
        final String source;
        final Map<String, TensorData> tensors;
        final Optional<SequencedMap<String, Structure.Entry>> described;
        final Map<String, Shape> missing = new LinkedHashMap<>();
        final Map<String, Shape> otherShape = new LinkedHashMap<>();
        final Set<String> asked = new LinkedHashSet<>();

        Loading(String source, Map<String, TensorData> tensors,
                Optional<SequencedMap<String, Structure.Entry>> described) {
            this.source = source;
            this.tensors = tensors;
            this.described = described;
        }

        void describe(String name, Shape shape, Structure.Kind kind) {
            described.ifPresent(entries -> entries.putIfAbsent(name, new Structure.Entry(shape, kind)));
        }
    }

    private final Loading loading;
    private final String prefix;
    private final Structure.Kind kind;

    private StateDict(Loading loading, String prefix, Structure.Kind kind) {
        this.loading = loading;
        this.prefix = prefix;
        this.kind = kind;
    }

    /**
     * All weights of a checkpoint.
     *
     * @param checkpoint the weights
     * @return its state dict, nothing taken yet
     */
    public static StateDict of(Checkpoint checkpoint) {
        return new StateDict(
                new Loading(checkpoint.source(), checkpoint.tensors(), Optional.empty()), "", Structure.Kind.PARAMETER);
    }

    /**
     * The same weights with a prefix removed from all names that have it, and nothing taken yet.
     *
     * @param removed for example {@code model.} for checkpoints of PyTorch Lightning
     * @return a state dict of its own
     * @throws CheckpointException if two names become one
     */
    public StateDict stripPrefix(String removed) {
        Map<String, TensorData> renamed = Checkpoint.stripped(loading.source, loading.tensors, removed);
        return new StateDict(new Loading(loading.source, renamed, Optional.empty()), prefix, kind);
    }

    /**
     * The weights below a path; what is taken there counts for the whole.
     *
     * @param path one or more names with dots between, such as {@code encoder} or {@code layers.0}
     * @return a view of this state dict
     */
    public StateDict at(String path) {
        return new StateDict(loading, prefix + path + ".", kind);
    }

    /**
     * The same weights; what is taken through the result counts as a buffer (running statistics, tables), not as a
     * parameter, in a {@link Structure}.
     *
     * @return the same weights
     */
    public StateDict buffers() {
        return new StateDict(loading, prefix, Structure.Kind.BUFFER);
    }

    /** Grants every weight, zeros where a value is asked for, and writes names and shapes down. */
    static StateDict describing(SequencedMap<String, Structure.Entry> entries) {
        return new StateDict(new Loading("a structure", Map.of(), Optional.of(entries)), "", Structure.Kind.PARAMETER);
    }

    /**
     * Whether a weight exists. Asking does not take it.
     *
     * @param name below this path
     * @return true if it does
     */
    public boolean has(String name) {
        return loading.tensors.containsKey(prefix + name);
    }

    /**
     * Shape of a weight, for sizes that are read from the checkpoint. Asking does not take it.
     *
     * @param name below this path
     * @return its shape, or empty where there is no such weight
     */
    public Optional<Shape> shapeOf(String name) {
        return Optional.ofNullable(loading.tensors.get(prefix + name)).map(TensorData::shape);
    }

    /**
     * Takes a weight as it is.
     *
     * @param name below this path
     * @param shape the shape it must have
     * @return the weight; f32 zeros of that shape if it is missing or of another shape, which {@link #finish()} reports
     */
    public TensorData take(String name, long... shape) {
        Shape wanted = Shape.of(shape);
        String full = prefix + name;
        loading.asked.add(full);
        TensorData found = loading.tensors.get(full);
        if (found != null && found.shape().equals(wanted)) {
            return found;
        }
        if (loading.described.isPresent()) {
            loading.describe(full, wanted, kind);
        } else {
            (found == null ? loading.missing : loading.otherShape).put(full, wanted);
        }
        long bytes = wanted.numElements() * DType.F32.sizeBytes();
        return new TensorData(DType.F32, wanted, Arena.ofAuto().allocate(Math.max(1, bytes)).asSlice(0, bytes));
    }

    /**
     * Takes a weight as floats; other element types are converted.
     *
     * @param name below this path
     * @param shape the shape it must have
     * @return row-major; zeros if it is missing or of another shape, which {@link #finish()} reports
     */
    public float[] takeFloats(String name, long... shape) {
        return HostFloats.of(take(name, shape));
    }

    /**
     * Takes a weight onto a device as f32; other element types are converted there.
     *
     * @param scope owns the result
     * @param name name below this path
     * @param shape wanted shape
     * @return the weight, dense
     */
    public Tensor takeTensor(Scope scope, String name, long... shape) {
        if (loading.described.isPresent()) {
            loading.describe(prefix + name, Shape.of(shape), kind);
            return scope.empty(DType.F32, shape);
        }
        Tensor stored = scope.of(take(name, shape));
        if (stored.dtype() == DType.F32) {
            return stored;
        }
        try (stored) {
            return Kernels.copy(scope, stored, DType.F32);
        }
    }

    /**
     * Says that a weight may be there and is not needed, such as {@code num_batches_tracked}.
     *
     * @param name below this path
     */
    public void skip(String name) {
        loading.asked.add(prefix + name);
        loading.describe(prefix + name, Shape.of(), Structure.Kind.UNUSED);
    }

    /**
     * Ends the loading, of all paths.
     *
     * @throws CheckpointException with every name that is missing, unexpected or of another shape, if there is any
     */
    public void finish() {
        Map<String, TensorData> unexpected = new LinkedHashMap<>(loading.tensors);
        unexpected.keySet().removeAll(loading.asked);
        if (loading.missing.isEmpty() && loading.otherShape.isEmpty() && unexpected.isEmpty()) {
            return;
        }
        StringBuilder report = new StringBuilder(loading.source + " does not fit the model: " + loading.missing.size()
                + " weights missing, " + unexpected.size() + " unexpected, " + loading.otherShape.size()
                + " of another shape, " + loading.asked.size() + " wanted.");
        Map<String, Shape> surplus = new LinkedHashMap<>();
        unexpected.forEach((name, data) -> surplus.put(name, data.shape()));
        NumberedNames.grouped(loading.missing).forEach(line -> report.append("\n  missing: ").append(line));
        NumberedNames.grouped(surplus).forEach(line -> report.append("\n  unexpected: ").append(line));
        loading.otherShape.forEach((name, wanted) -> report.append("\n  other shape: ").append(name).append(" is ")
                .append(loading.tensors.get(name).shape()).append(", the model wants ").append(wanted));
        hint().ifPresent(text -> report.append("\n  Hint: ").append(text));
        throw new CheckpointException(report.toString());
    }

    private Optional<String> hint() {
        if (loading.missing.isEmpty()) {
            return Optional.empty();
        }
        Set<String> missing = loading.missing.keySet();
        for (String known : KNOWN_PREFIXES) {
            if (missing.stream().allMatch(name -> fits(known + name, loading.missing.get(name)))) {
                return Optional.of("the names in the file begin with \"" + known + "\"; load it with stripPrefix(\""
                        + known + "\"), on the command line --strip-prefix " + known);
            }
            if (missing.stream().allMatch(name -> name.startsWith(known)
                    && fits(name.substring(known.length()), loading.missing.get(name)))) {
                return Optional.of("the names in the file lack \"" + known + "\": it seems to hold that part of the"
                        + " model alone.");
            }
        }
        return Optional.empty();
    }

    private boolean fits(String name, Shape wanted) {
        TensorData found = loading.tensors.get(name);
        return found != null && found.shape().equals(wanted);
    }
}
