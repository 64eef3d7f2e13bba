// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Activation;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import java.util.Optional;

/**
 * {@code torch.nn.Linear}, and with it what often follows in one pass.
 *
 * @param weight [N, K], packed
 * @param bias [N] f32, if the layer has one
 */
public record Linear(Weights weight, Optional<Tensor> bias) {
    /**
     * Takes {@code weight} [outputs, inputs] and {@code bias} [outputs].
     *
     * @param scope owns the parameters
     * @param state parameters of this layer
     * @param inputs K
     * @param outputs N
     * @return the layer
     */
    public static Linear load(Scope scope, StateDict state, long inputs, long outputs) {
        return load(scope, state, inputs, outputs, true);
    }

    /**
     * Takes {@code weight} [outputs, inputs] and, if there is one, {@code bias} [outputs].
     *
     * @param scope owns the parameters
     * @param state parameters of this layer
     * @param inputs K
     * @param outputs N
     * @param bias whether the layer has a bias
     * @return the layer
     */
    public static Linear load(Scope scope, StateDict state, long inputs, long outputs, boolean bias) {
        Weights weight = packed(scope, state.takeTensor(scope, "weight", outputs, inputs));
        return new Linear(
                weight, bias ? Optional.of(state.takeTensor(scope, "bias", outputs)) : Optional.empty());
    }

    /**
     * Takes the fused {@code in_proj_weight} [3E, E] and {@code in_proj_bias} [3E] of
     * {@code torch.nn.MultiheadAttention}.
     *
     * @param scope owns the parameters
     * @param state parameters of the attention layer
     * @param embedDim E
     * @return query, key and value in this order
     */
    public static Linear loadInProj(Scope scope, StateDict state, long embedDim) {
        Weights weight = packed(scope, state.takeTensor(scope, "in_proj_weight", 3 * embedDim, embedDim));
        return new Linear(weight, Optional.of(state.takeTensor(scope, "in_proj_bias", 3 * embedDim)));
    }

    /**
     * Takes a 1x1 {@code torch.nn.Conv2d}, which is a linear layer on channels-last pixels.
     *
     * @param scope owns the parameters
     * @param state parameters of the convolution
     * @param inputs input channels
     * @param outputs output channels
     * @return the layer
     */
    public static Linear loadConv1x1(Scope scope, StateDict state, long inputs, long outputs) {
        Weights weight = packed(scope, state.takeTensor(scope, "weight", outputs, inputs, 1, 1));
        return new Linear(weight, Optional.of(state.takeTensor(scope, "bias", outputs)));
    }

    // Closing returns the memory of the weight as it was stored to the one loaded next.
    static Weights packed(Scope scope, Tensor stored) {
        try (stored; Tensor matrix = stored.reshape(stored.dim(0), -1)) {
            return Kernels.linearWeights(scope, matrix);
        }
    }

    /**
     * {@code x W^T + b}.
     *
     * @param scope owns the result
     * @param x [..., K] f32
     * @return [..., N] f32
     */
    public Tensor apply(Scope scope, Tensor x) {
        return Kernels.linear(scope, x, weight, bias, Activation.NONE, Optional.empty());
    }

    /**
     * {@code gelu(x W^T + b)}.
     *
     * @param scope owns the result
     * @param x [..., K] f32
     * @return [..., N] f32
     */
    public Tensor applyGelu(Scope scope, Tensor x) {
        return Kernels.linear(scope, x, weight, bias, Activation.GELU, Optional.empty());
    }

    /**
     * {@code residual + x W^T + b}.
     *
     * @param scope owns the result
     * @param x [..., K] f32
     * @param residual [..., N] f32
     * @return [..., N] f32
     */
    public Tensor applyTo(Scope scope, Tensor x, Tensor residual) {
        return Kernels.linear(scope, x, weight, bias, Activation.NONE, Optional.of(residual));
    }
}
