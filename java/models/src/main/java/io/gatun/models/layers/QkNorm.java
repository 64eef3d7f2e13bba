// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.Optional;

/**
 * Norms over the channels of a head, as in ViT-22B.
 *
 * @param query of queries
 * @param key of keys
 */
public record QkNorm(LayerNorm query, LayerNorm key) {
    /**
     * Takes {@code q_norm} and {@code k_norm}, if the blocks have them.
     *
     * @param scope owns the parameters
     * @param state parameters of an attention
     * @param options sizes, epsilon and biases
     * @return the norms
     */
    public static Optional<QkNorm> load(Scope scope, StateDict state, TransformerBlock.Options options) {
        if (!options.qkNorm()) {
            return Optional.empty();
        }
        long width = options.embedDim() / options.numHeads();
        return Optional.of(new QkNorm(options.norm(scope, state.at("q_norm"), width),
                options.norm(scope, state.at("k_norm"), width)));
    }

    /**
     * Normalises in place.
     *
     * @param scope owns {@code projected}
     * @param projected [B, N, parts E] f32, dense: query, key, value, or some of them
     * @param parts how many there are
     * @param part which of them
     * @param numHeads heads of the attention
     * @param norm {@link #query()} or {@link #key()}
     */
    public static void apply(Scope scope, Tensor projected, long parts, long part, int numHeads, LayerNorm norm) {
        try (Tensor heads = projected.reshape(projected.dim(0), projected.dim(1), parts * numHeads, -1);
                Tensor own = heads.slice(2, part * numHeads, (part + 1) * numHeads);
                Tensor dense = Kernels.copy(scope, own); Tensor normal = norm.apply(scope, dense)) {
            Kernels.copy(scope, normal, own);
        }
    }
}
