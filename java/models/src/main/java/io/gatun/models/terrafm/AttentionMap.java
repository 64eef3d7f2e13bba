// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terrafm;

import io.gatun.core.Activation;
import io.gatun.core.BinaryOp;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Reductions;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import java.util.Optional;

/**
 * The weights of an attention, which the attention of the blocks never writes down. There is no product of two tensors
 * among the kernels: the keys of each head become the weights of a linear layer, head by head. For looking at, not for
 * speed.
 */
final class AttentionMap {
    private AttentionMap() {}

    /** softmax(q k^T / sqrt(width)) of qkv [B, N, 3E]: [B, heads, N, N]. */
    static Tensor of(Scope scope, Tensor qkv, int heads) {
        long batch = qkv.dim(0);
        long tokens = qkv.dim(1);
        long width = qkv.dim(2) / 3 / heads;
        try (Tensor logits = scope.empty(DType.F32, batch, heads, tokens, tokens);
                Tensor scale = scope.scalar((float) (1 / Math.sqrt(width)));
                Tensor parts = qkv.reshape(batch, tokens, 3, heads, width)) {
            for (long image = 0; image < batch; image++) {
                for (long head = 0; head < heads; head++) {
                    try (Tensor query = part(scope, parts, image, 0, head);
                            Tensor key = part(scope, parts, image, 1, head);
                            Tensor scaled = Kernels.binary(scope, BinaryOp.MULTIPLY, query, scale);
                            Weights keys = Kernels.linearWeights(scope, key);
                            Tensor product = Kernels.linear(
                                    scope, scaled, keys, Optional.empty(), Activation.NONE, Optional.empty());
                            Tensor four = product.reshape(1, 1, tokens, tokens);
                            Tensor images = logits.slice(0, image, image + 1);
                            Tensor place = images.slice(1, head, head + 1)) {
                        Kernels.copy(scope, four, place);
                    }
                }
            }
            return Reductions.softmax(scope, logits);
        }
    }

    /** [N, width] of one image and head. */
    private static Tensor part(Scope scope, Tensor parts, long image, long which, long head) {
        try (Tensor one = parts.slice(0, image, image + 1);
                Tensor kind = one.slice(2, which, which + 1);
                Tensor own = kind.slice(3, head, head + 1);
                Tensor dense = Kernels.copy(scope, own)) {
            return dense.reshape(parts.dim(1), parts.dim(4));
        }
    }
}
