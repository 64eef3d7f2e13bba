// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Activation;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.GroupNorm;
import io.gatun.models.layers.Linear;
import java.util.Optional;

/**
 * Attention between the places of a map, upstream's {@code AttentionBlock}: {@code x + proj(attention(qkv(norm(x))))}.
 *
 * @param norm before the attention
 * @param qkv query, key and value, [3C, C]
 * @param proj [C, C]
 * @param heads heads of the attention
 */
record SpatialAttention(GroupNorm norm, Linear qkv, Linear proj, int heads) implements UNetLayer {
    static SpatialAttention load(Scope scope, StateDict state, int channels, int heads) {
        return new SpatialAttention(GroupNorm.load(scope, state.at("norm"), channels, UNetSize.GROUPS),
                queriesFirst(scope, state.at("qkv"), channels, heads), linear(scope, state.at("proj_out"), channels),
                heads);
    }

    /** Upstream splits heads before query, key and value. */
    private static Linear queriesFirst(Scope scope, StateDict state, int channels, int heads) {
        int head = channels / heads;
        try (Tensor weight = state.takeTensor(scope, "weight", 3L * channels, channels, 1);
                Tensor bias = state.takeTensor(scope, "bias", 3L * channels);
                Tensor rows = weight.reshape(heads, 3, head, channels); Tensor turned = rows.permute(1, 0, 2, 3);
                Tensor dense = Kernels.copy(scope, turned); Tensor matrix = dense.reshape(3L * channels, channels);
                Tensor parts = bias.reshape(heads, 3, head); Tensor turnedBias = parts.permute(1, 0, 2);
                Tensor ordered = Kernels.copy(scope, turnedBias)) {
            return new Linear(Kernels.linearWeights(scope, matrix), Optional.of(ordered.reshape(3L * channels)));
        }
    }

    private static Linear linear(Scope scope, StateDict state, int channels) {
        try (Tensor weight = state.takeTensor(scope, "weight", channels, channels, 1);
                Tensor matrix = weight.reshape(channels, channels)) {
            return new Linear(Kernels.linearWeights(scope, matrix),
                    Optional.of(state.takeTensor(scope, "bias", channels)));
        }
    }

    @Override
    public Tensor apply(Scope scope, Tensor x, Tensor time) {
        try (Tensor normal = norm.apply(scope, x, Activation.NONE); Tensor three = qkv.apply(scope, normal);
                Tensor places = three.reshape(x.dim(0), -1, 3 * x.dim(3));
                Tensor mixed = Kernels.attention(scope, places, heads, qkv.weight().precision());
                Tensor image = mixed.reshape(x.shape().toArray())) {
            return proj.applyTo(scope, image, x);
        }
    }
}
