// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import io.gatun.bindings.ffi.GatunH;
import java.lang.foreign.MemorySegment;
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
        scope.begin();
        try (Tensor three = x.reshape(outer, shape[at], inner)) {
            MemorySegment in = scope.in("reduce: x", three);
            Tensor out = scope.empty(DType.F32, kept);
            try (Tensor rows = out.reshape(outer, inner)) {
                scope.queued(
                        GatunH.gatun_reduce(scope.stream(), in, reduction.ordinal(), rows.struct(), scope.error()));
            }
            return out;
        } finally {
            scope.end();
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
        scope.begin();
        try {
            MemorySegment in = scope.in("softmax: x", x);
            Tensor out = scope.empty(DType.F32, x.shape());
            scope.queued(GatunH.gatun_softmax(scope.stream(), in, out.struct(), scope.error()));
            return out;
        } finally {
            scope.end();
        }
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
        scope.begin();
        try {
            MemorySegment in = scope.in("argmax: x", x);
            Tensor out = scope.empty(DType.I64, Arrays.copyOf(x.shape().toArray(), x.shape().rank() - 1));
            scope.queued(GatunH.gatun_argmax(scope.stream(), in, out.struct(), scope.error()));
            return out;
        } finally {
            scope.end();
        }
    }

    private static void requireRow(String op, Tensor x) {
        Check.denseF32(op, "x", x);
        if (x.shape().rank() == 0 || x.dim(-1) < 1) {
            throw new ShapeException(op + ": x has shape " + x.shape() + ", expected a last axis that is not empty");
        }
    }
}
