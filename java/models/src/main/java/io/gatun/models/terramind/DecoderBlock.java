// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.FeedForward;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.Linear;
import io.gatun.models.layers.QkNorm;
import io.gatun.models.layers.SelfAttention;
import io.gatun.models.layers.TransformerBlock;
import java.util.Optional;

/** A block of the decoder: attention of the tokens to each other, then to the context, then the feed-forward part. */
record DecoderBlock(SelfAttention selfAttention, Linear query, Linear keyValue, Optional<QkNorm> crossNorm,
        Linear proj, LayerNorm queryNorm, LayerNorm contextNorm, FeedForward mlp, int numHeads) {
    static DecoderBlock load(Scope scope, StateDict state, TransformerBlock.Options options) {
        long embed = options.embedDim();
        SelfAttention own = SelfAttention.load(scope, state.at("norm1"), state.at("self_attn"), options);
        StateDict cross = state.at("cross_attn");
        return new DecoderBlock(own, Linear.load(scope, cross.at("q"), embed, embed, options.qkvBias()),
                Linear.load(scope, cross.at("kv"), embed, 2 * embed, options.qkvBias()),
                QkNorm.load(scope, cross, options), Linear.load(scope, cross.at("proj"), embed, embed,
                options.projBias()), options.norm(scope, state.at("query_norm"), embed),
                options.norm(scope, state.at("context_norm"), embed), FeedForward.load(scope, state, options),
                options.numHeads());
    }

    /** What {@link #apply} needs of a context [B, K, E]: [B, K, 2E]. */
    Tensor keysAndValues(Scope scope, Tensor context) {
        try (Tensor normal = contextNorm.apply(scope, context)) {
            Tensor both = keyValue.apply(scope, normal);
            crossNorm.ifPresent(norms -> QkNorm.apply(scope, both, 2, 0, numHeads, norms.key()));
            return both;
        }
    }

    /** Tokens y [B, M, E]; the mask [B, M, M] is true where a token (the last axis) takes part. */
    Tensor apply(Scope scope, Tensor y, Optional<Tensor> mask, TerraMindContext context, int number) {
        try (Tensor mixed = selfAttention.apply(scope, y, mask)) {
            return behind(scope, mixed, context, number);
        }
    }

    /** One more token [B, 1, E] of a sequence, see {@link SelfAttention#applyNext}. */
    Tensor applyNext(Scope scope, Tensor y, Tensor sequence, long place, TerraMindContext context, int number) {
        try (Tensor mixed = selfAttention.applyNext(scope, y, sequence, place)) {
            return behind(scope, mixed, context, number);
        }
    }

    private Tensor behind(Scope scope, Tensor mixed, TerraMindContext context, int number) {
        try (Tensor crossed = crossed(scope, mixed, context, number)) {
            return mlp.apply(scope, crossed);
        }
    }

    private Tensor crossed(Scope scope, Tensor y, TerraMindContext context, int number) {
        if (context.isEmpty()) {
            // An attention to nothing is zero.
            try (Tensor nothing = scope.zeros(y.shape().toArray())) {
                return proj.applyTo(scope, nothing, y);
            }
        }
        long embed = y.dim(2);
        Tensor both = context.keysAndValues().get(number);
        try (Tensor queries = queries(scope, y); Tensor keys = both.slice(2, 0, embed);
                Tensor values = both.slice(2, embed, 2 * embed);
                Tensor attended = Kernels.attention(scope, queries, keys, values, context.mask(), numHeads,
                        query.weight().precision())) {
            return proj.applyTo(scope, attended, y);
        }
    }

    private Tensor queries(Scope scope, Tensor y) {
        try (Tensor normal = queryNorm.apply(scope, y)) {
            Tensor queries = query.apply(scope, normal);
            crossNorm.ifPresent(norms -> QkNorm.apply(scope, queries, 1, 0, numHeads, norms.query()));
            return queries;
        }
    }
}
