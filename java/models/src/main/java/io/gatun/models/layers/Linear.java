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
 * {@code torch.nn.Linear} with bias, and with what often follows it in one pass.
 *
 * @param weight [N, K], packed
 * @param bias [N] f32
 */
public record Linear(Weights weight, Tensor bias) {
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
        return of(scope, state.takeFloats("weight", outputs, inputs), state.takeFloats("bias", outputs));
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
        return of(scope, state.takeFloats("in_proj_weight", 3 * embedDim, embedDim),
                state.takeFloats("in_proj_bias", 3 * embedDim));
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
        return of(scope, state.takeFloats("weight", outputs, inputs, 1, 1), state.takeFloats("bias", outputs));
    }

    private static Linear of(Scope scope, float[] weight, float[] bias) {
        long outputs = bias.length;
        return new Linear(Kernels.linearWeights(scope, scope.of(weight, outputs, weight.length / outputs)),
                scope.of(bias, outputs));
    }

    /**
     * {@code x W^T + b}.
     *
     * @param scope owns the result
     * @param x [..., K] f32
     * @return [..., N] f32
     */
    public Tensor apply(Scope scope, Tensor x) {
        return Kernels.linear(scope, x, weight, Optional.of(bias), Activation.NONE, Optional.empty());
    }

    /**
     * {@code gelu(x W^T + b)}.
     *
     * @param scope owns the result
     * @param x [..., K] f32
     * @return [..., N] f32
     */
    public Tensor applyGelu(Scope scope, Tensor x) {
        return Kernels.linear(scope, x, weight, Optional.of(bias), Activation.GELU, Optional.empty());
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
        return Kernels.linear(scope, x, weight, Optional.of(bias), Activation.NONE, Optional.of(residual));
    }
}
