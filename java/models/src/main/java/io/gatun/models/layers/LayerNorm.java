// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;

/**
 * {@code torch.nn.LayerNorm} over the last axis.
 *
 * @param weight [E] f32
 * @param bias [E] f32
 * @param eps added to the biased variance
 */
public record LayerNorm(Tensor weight, Tensor bias, double eps) {
    /** PyTorch's default epsilon. */
    public static final double EPS = 1e-5;

    /**
     * Takes {@code weight} [width] and {@code bias} [width].
     *
     * @param scope owns the parameters
     * @param state parameters of this layer
     * @param width E
     * @return the layer, with PyTorch's epsilon
     */
    public static LayerNorm load(Scope scope, StateDict state, long width) {
        return load(scope, state, width, EPS);
    }

    /**
     * Takes {@code weight} [width] and {@code bias} [width].
     *
     * @param scope owns the parameters
     * @param state parameters of this layer
     * @param width E
     * @param eps added to the biased variance
     * @return the layer
     */
    public static LayerNorm load(Scope scope, StateDict state, long width, double eps) {
        return load(scope, state, width, eps, true);
    }

    /**
     * Takes {@code weight} [width] and {@code bias} [width].
     *
     * @param scope owns the parameters
     * @param state parameters of this layer
     * @param width E
     * @param eps added to the biased variance
     * @param bias whether the bias is learned; else it is a buffer, which is added all the same
     * @return the layer
     */
    public static LayerNorm load(Scope scope, StateDict state, long width, double eps, boolean bias) {
        return new LayerNorm(state.takeTensor(scope, "weight", width),
                (bias ? state : state.buffers()).takeTensor(scope, "bias", width), eps);
    }

    /**
     * Normalises the last axis.
     *
     * @param scope owns the result
     * @param x [..., E] f32
     * @return like {@code x}
     */
    public Tensor apply(Scope scope, Tensor x) {
        return Kernels.layerNorm(scope, x, weight, bias, eps);
    }
}
