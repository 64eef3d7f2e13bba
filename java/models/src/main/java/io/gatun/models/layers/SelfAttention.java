// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.BinaryOp;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.Optional;

/**
 * The first half of a pre-norm block: {@code x + proj(attention(qkv(norm(x))))}.
 *
 * @param norm before the attention
 * @param qkv query, key and value, [3E, E]
 * @param qkNorm norms of the queries and the keys of a head, both or none
 * @param proj [E, E]
 * @param numHeads heads of the attention
 */
public record SelfAttention(LayerNorm norm, Linear qkv, Optional<QkNorm> qkNorm, Linear proj, int numHeads) {
    /**
     * Takes the parameters.
     *
     * @param scope owns the parameters
     * @param norm parameters of the norm
     * @param state {@code qkv}, {@code proj} and, if there are, {@code q_norm} and {@code k_norm}
     * @param options sizes, epsilon and biases
     * @return the layer
     */
    public static SelfAttention load(Scope scope, StateDict norm, StateDict state, TransformerBlock.Options options) {
        long embed = options.embedDim();
        LayerNorm before = options.norm(scope, norm, embed);
        Linear qkv = qkv(scope, state.at("qkv"), options);
        Linear proj = Linear.load(scope, state.at("proj"), embed, embed, options.projBias());
        return new SelfAttention(before, qkv, QkNorm.load(scope, state, options), proj, options.numHeads());
    }

    /** The attention has the usual scale: what another one changes goes into the weights of the queries. */
    private static Linear qkv(Scope scope, StateDict state, TransformerBlock.Options options) {
        long embed = options.embedDim();
        if (options.qkScale().isEmpty()) {
            return Linear.load(scope, state, embed, 3 * embed, options.qkvBias());
        }
        double factor = options.qkScale().getAsDouble() * Math.sqrt((double) embed / options.numHeads());
        Tensor weight = scaled(scope, state.takeTensor(scope, "weight", 3 * embed, embed), embed, factor);
        return new Linear(Linear.packed(scope, weight), options.qkvBias()
                ? Optional.of(scaled(scope, state.takeTensor(scope, "bias", 3 * embed), embed, factor))
                : Optional.empty());
    }

    private static Tensor scaled(Scope scope, Tensor parameters, long rows, double factor) {
        try (Tensor own = parameters.slice(0, 0, rows); Tensor scale = scope.scalar((float) factor)) {
            Kernels.binary(scope, BinaryOp.MULTIPLY, own, scale, own);
            return parameters;
        }
    }

    /**
     * The layer and what it is added to.
     *
     * @param scope owns the result
     * @param x [B, N, E] f32
     * @param mask bool [B or 1, N or 1, N], true where a token (the last axis) takes part in the attention of another
     * @return [B, N, E] f32
     */
    public Tensor apply(Scope scope, Tensor x, Optional<Tensor> mask) {
        try (Tensor projected = projected(scope, x); Tensor attended = attended(scope, projected, mask)) {
            return proj.applyTo(scope, attended, x);
        }
    }

    private Tensor attended(Scope scope, Tensor projected, Optional<Tensor> mask) {
        if (mask.isEmpty()) {
            return Kernels.attention(scope, projected, numHeads, qkv.weight().precision());
        }
        try (Tensor query = part(projected, 0); Tensor key = part(projected, 1); Tensor value = part(projected, 2)) {
            return Kernels.attention(scope, query, key, value, mask, numHeads, qkv.weight().precision());
        }
    }

    /**
     * One more token of a sequence that grows: it sees itself and those before it.
     *
     * @param scope owns the result and the memory of the sequence
     * @param x [B, 1, E] f32, the token
     * @param sequence [B, L, 3E] f32: query, key and value of the tokens so far; those of this one are written into it
     * @param place the number of tokens so far, below L
     * @return [B, 1, E] f32
     */
    public Tensor applyNext(Scope scope, Tensor x, Tensor sequence, long place) {
        try (Tensor own = projected(scope, x); Tensor row = sequence.slice(1, place, place + 1)) {
            Kernels.copy(scope, own, row);
            try (Tensor known = sequence.slice(1, 0, place + 1); Tensor query = part(own, 0);
                    Tensor key = part(known, 1); Tensor value = part(known, 2);
                    Tensor attended = Kernels.attention(
                            scope, query, key, value, Optional.empty(), numHeads, qkv.weight().precision())) {
                return proj.applyTo(scope, attended, x);
            }
        }
    }

    private static Tensor part(Tensor projected, long which) {
        long embed = projected.dim(2) / 3;
        return projected.slice(2, which * embed, (which + 1) * embed);
    }

    private Tensor projected(Scope scope, Tensor x) {
        try (Tensor normal = norm.apply(scope, x)) {
            Tensor projected = qkv.apply(scope, normal);
            qkNorm.ifPresent(norms -> {
                QkNorm.apply(scope, projected, 3, 0, numHeads, norms.query());
                QkNorm.apply(scope, projected, 3, 1, numHeads, norms.key());
            });
            return projected;
        }
    }
}
