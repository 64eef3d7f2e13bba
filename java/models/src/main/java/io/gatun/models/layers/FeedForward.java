// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Activation;
import io.gatun.core.BinaryOp;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.Optional;

/**
 * The second half of a pre-norm block: {@code x + fc2(gelu(fc1(norm(x))))}, or gated,
 * {@code x + fc2(silu(fc1(y)) * fc3(y))} with {@code y = norm(x)}.
 *
 * @param norm before the layers
 * @param fc1 [hidden, E]
 * @param activation of {@code fc1}
 * @param fc3 [hidden, E], the gate, if there is one
 * @param fc2 [E, hidden]
 */
public record FeedForward(LayerNorm norm, Linear fc1, Activation activation, Optional<Linear> fc3, Linear fc2) {
    /**
     * Takes the parameters {@code norm2} and {@code mlp} of a block.
     *
     * @param scope owns the parameters
     * @param state parameters of the block
     * @param options sizes, epsilon and biases
     * @return the layer
     */
    public static FeedForward load(Scope scope, StateDict state, TransformerBlock.Options options) {
        long embed = options.embedDim();
        long hidden = options.hidden();
        LayerNorm norm = options.norm(scope, state.at("norm2"), embed);
        Linear fc1 = Linear.load(scope, state.at("mlp.fc1"), embed, hidden, options.mlpBias());
        Linear fc2 = Linear.load(scope, state.at("mlp.fc2"), hidden, embed, options.mlpBias());
        Optional<Linear> fc3 = options.gated()
                ? Optional.of(Linear.load(scope, state.at("mlp.fc3"), embed, hidden, options.mlpBias()))
                : Optional.empty();
        return new FeedForward(norm, fc1, options.activation(), fc3, fc2);
    }

    /**
     * The layer and what it is added to.
     *
     * @param scope owns the result
     * @param x [B, N, E] f32
     * @return [B, N, E] f32
     */
    public Tensor apply(Scope scope, Tensor x) {
        try (Tensor hidden = hidden(scope, x)) {
            return fc2.applyTo(scope, hidden, x);
        }
    }

    // What is closed early serves the next operations of the stream: a block takes no more memory than its widest step.
    private Tensor hidden(Scope scope, Tensor x) {
        try (Tensor normal = norm.apply(scope, x)) {
            Tensor hidden = activated(scope, normal);
            if (fc3.isPresent()) {
                try (Tensor gate = fc3.get().apply(scope, normal)) {
                    Kernels.binary(scope, BinaryOp.MULTIPLY, hidden, gate, hidden);
                }
            }
            return hidden;
        }
    }

    private Tensor activated(Scope scope, Tensor normal) {
        if (activation == Activation.GELU) {
            return fc1.applyGelu(scope, normal);
        }
        try (Tensor linear = fc1.apply(scope, normal)) {
            return Kernels.activate(scope, linear, activation);
        }
    }
}
