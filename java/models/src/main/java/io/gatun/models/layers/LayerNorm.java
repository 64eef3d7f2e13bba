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
        return new LayerNorm(scope.of(state.takeFloats("weight", width), width),
                scope.of(state.takeFloats("bias", width), width), EPS);
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
