// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Activation;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;

/**
 * {@code torch.nn.GroupNorm} on channels-last images, and the activation behind it in the same pass.
 *
 * @param weight [C] f32
 * @param bias [C] f32
 * @param groups a divisor of C
 * @param eps added to the biased variance
 */
public record GroupNorm(Tensor weight, Tensor bias, int groups, double eps) {
    /**
     * Takes {@code weight} [channels] and {@code bias} [channels].
     *
     * @param scope owns the parameters
     * @param state parameters of this layer
     * @param channels C
     * @param groups a divisor of C
     * @return the layer, with PyTorch's epsilon
     */
    public static GroupNorm load(Scope scope, StateDict state, long channels, int groups) {
        return new GroupNorm(state.takeTensor(scope, "weight", channels), state.takeTensor(scope, "bias", channels),
                groups, LayerNorm.EPS);
    }

    /**
     * {@code activation(norm(x))}.
     *
     * @param scope owns the result
     * @param x [B, ..., C] f32
     * @param activation NONE, GELU or SILU
     * @return like {@code x}
     */
    public Tensor apply(Scope scope, Tensor x, Activation activation) {
        return Kernels.groupNorm(scope, x, groups, weight, bias, eps, activation);
    }
}
