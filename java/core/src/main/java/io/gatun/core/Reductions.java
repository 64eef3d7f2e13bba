// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import io.gatun.bindings.ffi.GatunH;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * Operations along an axis: one method for each such function of {@code gatun.h}. What is said of {@link Kernels} about
 * scopes, layouts and errors holds here too.
 */
public final class Reductions {
    private Reductions() {}

    /**
     * Reduces one axis. Sums are added in an order that the axis' extent alone decides.
     *
     * @param scope where it runs
     * @param x any shape
     * @param axis the axis, not empty; negative counts from the end
     * @param reduction what to do
     * @return x's shape without the axis
     */
    public static Tensor reduce(Scope scope, Tensor x, int axis, Reduction reduction) {
        Check.denseF32("reduce", "x", x);
        int at = axis < 0 ? axis + x.shape().rank() : axis;
        if (at < 0 || at >= x.shape().rank() || x.dim(at) < 1) {
            throw new ShapeException("reduce: axis " + axis + " of x of shape " + x.shape()
                    + "; expected an axis of it that is not empty");
        }
        long[] shape = x.shape().toArray();
        long[] kept = LongStream.range(0, shape.length).filter(i -> i != at).map(i -> shape[(int) i]).toArray();
        long outer = Arrays.stream(shape, 0, at).reduce(1, (a, b) -> a * b);
        long inner = Arrays.stream(shape, at + 1, shape.length).reduce(1, (a, b) -> a * b);
        try (Tensor three = x.reshape(outer, shape[at], inner);
                Tensor rows = scope.queued(DType.F32, Shape.of(outer, inner), out -> GatunH.gatun_reduce(
                        scope.stream(), scope.in("reduce: x", three), reduction.ordinal(), out, scope.error()))) {
            return rows.reshape(kept);
        }
    }

    /**
     * Softmax over the last axis.
     *
     * @param scope where it runs
     * @param x [..., C], C not 0
     * @return shape of x
     */
    public static Tensor softmax(Scope scope, Tensor x) {
        requireRow("softmax", x);
        return scope.queued(DType.F32, x.shape(), out -> GatunH.gatun_softmax(scope.stream(), scope.in("softmax: x", x),
                out, scope.error()));
    }

    /**
     * Place of the largest element of the last axis, the first among equals; a NaN counts as largest.
     *
     * @param scope where it runs
     * @param x [..., C], C not 0
     * @return int64 of x's shape without the last axis
     */
    public static Tensor argmax(Scope scope, Tensor x) {
        requireRow("argmax", x);
        return scope.queued(DType.I64, Shape.of(Arrays.copyOf(x.shape().toArray(), x.shape().rank() - 1)),
                out -> GatunH.gatun_argmax(scope.stream(), scope.in("argmax: x", x), out, scope.error()));
    }

    /**
     * Draws a token for each row, with the probabilities {@code softmax(logits / temperature)} of what the filters
     * leave. Weights and their sums are integers (of 2<sup>-40</sup> of the largest weight): a row's token depends on
     * its logits, the options, the seed and its counter alone, and is the same on every device, in any batch and for
     * any number of threads.
     *
     * @param scope where it runs
     * @param logits [N, V], V not 0; an infinite logit shares all with its equals
     * @param options temperature and filters
     * @param seed of the numbers, see {@link Philox}
     * @param counters int64 [N]: which number of the seed each row takes
     * @return int64 [N]; -1 where a logit is NaN (at temperature 0 the place of the first NaN, as of {@link #argmax})
     */
    public static Tensor sampleTokens(Scope scope, Tensor logits, SampleOptions options, long seed, Tensor counters) {
        Check.rank("sampleTokens", "logits", logits, 2, "[N, V]");
        requireRow("sampleTokens", logits, "logits");
        Check.shape("sampleTokens", "counters", counters, logits.dim(0));
        Check.dtype("sampleTokens", "counters", counters, DType.I64);
        Check.dense("sampleTokens", "counters", counters);
        return scope.queued(DType.I64, Shape.of(logits.dim(0)), out -> GatunH.gatun_sample_tokens(scope.stream(),
                scope.in("sampleTokens: logits", logits), options.temperature(), options.topK(), options.topP(), seed,
                scope.in("sampleTokens: counters", counters), out, scope.error()));
    }

    private static void requireRow(String op, Tensor x) {
        requireRow(op, x, "x");
    }

    private static void requireRow(String op, Tensor x, String role) {
        Check.denseF32(op, role, x);
        if (x.shape().rank() == 0 || x.dim(-1) < 1) {
            throw new ShapeException(
                    op + ": " + role + " has shape " + x.shape() + ", expected a last axis that is not empty");
        }
    }
}
