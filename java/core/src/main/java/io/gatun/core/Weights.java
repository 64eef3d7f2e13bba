// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import io.gatun.core.internal.PackedWeights;

/**
 * A weight in the layout that a device's kernels want, made once by {@link Kernels#linearWeights},
 * {@link Kernels#conv2dWeights}, {@link Kernels#convTranspose2dWeights} or {@link Fusions}, read-only from then on and
 * shared by any number of threads. It belongs to the scope it was made in and ends with it, or earlier when closed.
 */
public final class Weights implements AutoCloseable {
    /** The operation that weights are made for. */
    public enum Kind {
        /** {@code torch.nn.Linear}. */
        LINEAR,
        /** {@code torch.nn.Conv2d}. */
        CONV2D,
        /** {@code torch.nn.ConvTranspose2d}. */
        CONV_TRANSPOSE2D,
        /** {@link Fusions#refineHead}. */
        REFINE,
        /** {@link Fusions#decoderPrefix}. */
        DECODER
    }

    /**
     * Extents and steps of a convolution's kernel; all 1 and 0 for a linear layer.
     *
     * @param kernelH rows of the kernel
     * @param kernelW columns of the kernel
     * @param strideH step in rows
     * @param strideW step in columns
     * @param paddingH rows cut off, or added, on each side
     * @param paddingW columns cut off, or added, on each side
     */
    public record Geometry(
            long kernelH, long kernelW, long strideH, long strideW, long paddingH, long paddingW) {}

    private final Scope scope; // keeps the scope reachable while its weights are
    private final PackedWeights packed;
    private final Kind kind;
    private final Precision precision;
    private final long inputs;
    private final long outputs;
    private final Geometry geometry;

    Weights(Scope scope, PackedWeights packed, Kind kind, long inputs, long outputs, Geometry geometry) {
        this.scope = scope;
        this.packed = packed;
        this.kind = kind;
        this.precision = scope.precision();
        this.inputs = inputs;
        this.outputs = outputs;
        this.geometry = geometry;
    }

    /**
     * The operation these weights are for.
     *
     * @return the kind
     */
    public Kind kind() {
        return kind;
    }

    /**
     * The arithmetic of products with these weights: that of the scope they were arranged in.
     *
     * @return the precision
     */
    public Precision precision() {
        return precision;
    }

    /**
     * Inputs of the layer: K of [N, K], or the convolution's input channels.
     *
     * @return at least 1
     */
    public long inputs() {
        return inputs;
    }

    /**
     * Outputs of the layer: N of [N, K], or the convolution's output channels.
     *
     * @return at least 1
     */
    public long outputs() {
        return outputs;
    }

    /**
     * The convolution's kernel.
     *
     * @return extents and steps
     */
    public Geometry geometry() {
        return geometry;
    }

    /**
     * The device that holds the weights.
     *
     * @return the device
     */
    public Device device() {
        return scope.device();
    }

    /** Gives the memory back once no queued work reads it. Idempotent; safe from any thread. */
    @Override
    public void close() {
        packed.drop(0);
    }

    @Override
    public String toString() {
        return "Weights[" + kind + " " + inputs + " -> " + outputs + (packed.isClosed() ? ", closed]" : "]");
    }

    PackedWeights packed() {
        return packed;
    }
}
