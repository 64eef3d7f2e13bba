// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.BinaryOp;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.Arrays;

/**
 * {@code torch.nn.BatchNorm2d} at inference: a scale and a shift of each channel, which fold into the convolution
 * before it. Nothing is left of it when the model runs.
 */
public final class BatchNorm2d {
    /** PyTorch's default epsilon. */
    public static final double EPS = 1e-5;

    private final double[] scale;
    private final double[] shift;

    private BatchNorm2d(double[] scale, double[] shift) {
        this.scale = scale;
        this.shift = shift;
    }

    /**
     * Takes {@code weight}, {@code bias}, {@code running_mean} and {@code running_var}, each [channels].
     *
     * @param state parameters of the norm
     * @param channels C
     * @return the norm, with PyTorch's epsilon
     */
    public static BatchNorm2d take(StateDict state, int channels) {
        return take(state, channels, EPS);
    }

    /**
     * Takes {@code weight}, {@code bias}, {@code running_mean} and {@code running_var}, each [channels].
     *
     * @param state parameters of the norm
     * @param channels C
     * @param eps added to the variance
     * @return the norm
     */
    public static BatchNorm2d take(StateDict state, int channels, double eps) {
        return fold(state, state.takeFloats("weight", channels), state.takeFloats("bias", channels), eps);
    }

    /**
     * Takes {@code running_mean} and {@code running_var}, each [channels], of a norm without weights.
     *
     * @param state parameters of the norm
     * @param channels C
     * @param eps added to the variance
     * @return the norm
     */
    public static BatchNorm2d takeStatistics(StateDict state, int channels, double eps) {
        float[] ones = new float[channels];
        Arrays.fill(ones, 1);
        return fold(state, ones, new float[channels], eps);
    }

    private static BatchNorm2d fold(StateDict state, float[] weight, float[] bias, double eps) {
        int channels = weight.length;
        float[] mean = state.buffers().takeFloats("running_mean", channels);
        float[] variance = state.buffers().takeFloats("running_var", channels);
        state.skip("num_batches_tracked");
        double[] scale = new double[channels];
        double[] shift = new double[channels];
        for (int c = 0; c < channels; c++) {
            scale[c] = weight[c] / Math.sqrt(variance[c] + eps);
            shift[c] = bias[c] - mean[c] * scale[c];
        }
        return new BatchNorm2d(scale, shift);
    }

    /**
     * The norm for channels that lie in groups of one channel of this norm, as before a pixel shuffle.
     *
     * @param times channels in a group
     * @return a norm of C times channels
     */
    public BatchNorm2d repeated(int times) {
        double[] scales = new double[scale.length * times];
        double[] shifts = new double[scales.length];
        for (int c = 0; c < scales.length; c++) {
            scales[c] = scale[c / times];
            shifts[c] = shift[c / times];
        }
        return new BatchNorm2d(scales, shifts);
    }

    /**
     * A weight times the scale of its output channels.
     *
     * @param scope owns the result
     * @param weight of a convolution, f32; closed
     * @param axis the axis of the output channels
     * @return like {@code weight}
     */
    Tensor fold(Scope scope, Tensor weight, int axis) {
        long[] along = new long[weight.shape().rank()];
        Arrays.fill(along, 1);
        along[axis] = scale.length;
        float[] factors = new float[scale.length];
        for (int c = 0; c < factors.length; c++) {
            factors[c] = (float) scale[c];
        }
        try (weight; Tensor scales = scope.of(factors, along)) {
            return Kernels.binary(scope, BinaryOp.MULTIPLY, weight, scales);
        }
    }

    /**
     * A bias that went through the norm.
     *
     * @param scope owns the result
     * @param bias [C] of a convolution
     * @return [C]
     */
    Tensor fold(Scope scope, float[] bias) {
        float[] folded = new float[bias.length];
        for (int c = 0; c < folded.length; c++) {
            folded[c] = (float) (bias[c] * scale[c] + shift[c]);
        }
        return scope.of(folded, folded.length);
    }
}
