// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;

/**
 * {@code torch.nn.TransformerEncoderLayer} with GELU and its default post-norm:
 * {@code x = norm1(x + attention(x)); x = norm2(x + linear2(gelu(linear1(x))))}.
 *
 * @param inProj query, key and value, [3E, E]
 * @param outProj [E, E]
 * @param linear1 [4E, E]
 * @param linear2 [E, 4E]
 * @param norm1 after attention
 * @param norm2 after the feed-forward part
 * @param numHeads heads of the attention
 */
public record TransformerEncoderLayer(
        Linear inProj, Linear outProj, Linear linear1, Linear linear2, LayerNorm norm1, LayerNorm norm2, int numHeads) {
    /**
     * Takes the layer's parameters.
     *
     * @param scope owns the parameters
     * @param state parameters of this layer
     * @param embedDim E
     * @param hidden width of the feed-forward part
     * @param numHeads heads of the attention
     * @return the layer
     */
    public static TransformerEncoderLayer load(
            Scope scope, StateDict state, long embedDim, long hidden, int numHeads) {
        StateDict attention = state.at("self_attn");
        return new TransformerEncoderLayer(
                Linear.loadInProj(scope, attention, embedDim),
                Linear.load(scope, attention.at("out_proj"), embedDim, embedDim),
                Linear.load(scope, state.at("linear1"), embedDim, hidden),
                Linear.load(scope, state.at("linear2"), hidden, embedDim),
                LayerNorm.load(scope, state.at("norm1"), embedDim),
                LayerNorm.load(scope, state.at("norm2"), embedDim),
                numHeads);
    }

    /**
     * One layer.
     *
     * @param scope owns the result
     * @param x [B, N, E] f32
     * @return [B, N, E] f32
     */
    public Tensor apply(Scope scope, Tensor x) {
        try (Tensor mixed = mixed(scope, x);
                Tensor hidden = linear1.applyGelu(scope, mixed);
                Tensor sum = linear2.applyTo(scope, hidden, mixed)) {
            return norm2.apply(scope, sum);
        }
    }

    // What is closed early serves the next operations of the stream: a layer takes no more memory than its widest step.
    private Tensor mixed(Scope scope, Tensor x) {
        try (Tensor attended = attended(scope, x); Tensor sum = outProj.applyTo(scope, attended, x)) {
            return norm1.apply(scope, sum);
        }
    }

    private Tensor attended(Scope scope, Tensor x) {
        try (Tensor qkv = inProj.apply(scope, x)) {
            return Kernels.attention(scope, qkv, numHeads, inProj.weight().precision());
        }
    }
}
