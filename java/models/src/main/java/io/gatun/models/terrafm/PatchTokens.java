// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terrafm;

import io.gatun.core.Activation;
import io.gatun.core.Kernels;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import io.gatun.models.Extent;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.Linear;
import io.gatun.models.layers.PatchEmbed;
import java.util.Optional;

/**
 * Upstream's {@code PatchEmbed}: a convolution for each kind of image into 3 E channels, the embedding of that kind,
 * and upstream's {@code TokenProjection} into E. What follows each other without anything nonlinear between is one
 * product, multiplied when it is loaded: the convolution and {@code proj1}, {@code proj2} and {@code proj3}. That saves
 * half of the multiplications.
 */
record PatchTokens(PatchEmbed l2a, PatchEmbed l1c, PatchEmbed s1, LayerNorm norm, Linear last) {
    static PatchTokens load(Scope scope, StateDict state, TerraFMConfig config) {
        int embed = config.embedDim();
        int wide = 3 * embed;
        StateDict projection = state.at("projection");
        // In full precision, and in memory that is given back; rounding is left to what is kept.
        try (Scope work = Scope.open(scope.device(), Precision.STRICT);
                Tensor first = projection.takeTensor(work, "proj1.weight", wide, wide);
                Weights proj1 = Kernels.linearWeights(work, first)) {
            PatchTokens tokens = new PatchTokens(
                    stem(scope, work, state, "s2_l2a", TerraFMConfig.S2_BANDS, config, first, proj1),
                    stem(scope, work, state, "s2_l1c", TerraFMConfig.S2_BANDS, config, first, proj1),
                    stem(scope, work, state, "s1", TerraFMConfig.S1_BANDS, config, first, proj1),
                    LayerNorm.load(scope, projection.at("norm_input"), wide), last(scope, work, projection, embed));
            scope.sync();
            return tokens;
        }
    }

    private static PatchEmbed stem(Scope scope, Scope work, StateDict state, String kind, int bands,
            TerraFMConfig config, Tensor first, Weights proj1) {
        long wide = first.dim(0);
        int patch = config.patchSize();
        StateDict convolution = state.at("conv2d_" + kind);
        try (Tensor kernel = convolution.takeTensor(work, "weight", wide, bands, patch, patch);
                Tensor matrix = kernel.reshape(wide, -1);
                Tensor product = product(work, first, matrix);
                Tensor bias = convolution.takeTensor(work, "bias", wide);
                Tensor embedding = state.takeTensor(work, kind + "_embed", 1, wide);
                Tensor sum = Kernels.add(work, embedding, bias);
                Tensor moved = Kernels.linear(work, sum, proj1, Optional.empty(), Activation.NONE, Optional.empty())) {
            work.sync();
            return new PatchEmbed(
                    Kernels.linearWeights(scope, product), Optional.of(kept(scope, moved)), bands, 1,
                    Extent.of(patch));
        }
    }

    private static Linear last(Scope scope, Scope work, StateDict projection, int embed) {
        long wide = 3L * embed;
        try (Tensor second = projection.takeTensor(work, "proj2.weight", wide, wide);
                Tensor third = projection.takeTensor(work, "proj3.weight", embed, wide);
                Tensor product = product(work, third, second);
                Weights proj3 = Kernels.linearWeights(work, third);
                Tensor secondBias = projection.takeTensor(work, "proj2.bias", wide);
                Tensor row = secondBias.reshape(1, wide);
                Tensor thirdBias = projection.takeTensor(work, "proj3.bias", embed);
                Tensor moved = Kernels.linear(work, row, proj3, thirdBias)) {
            work.sync();
            return new Linear(Kernels.linearWeights(scope, product), Optional.of(kept(scope, moved)));
        }
    }

    /** [M, K] times [K, N]. */
    private static Tensor product(Scope work, Tensor left, Tensor right) {
        try (Tensor turned = right.permute(1, 0); Tensor dense = Kernels.copy(work, turned);
                Weights columns = Kernels.linearWeights(work, dense)) {
            return Kernels.linear(work, left, columns, Optional.empty(), Activation.NONE, Optional.empty());
        }
    }

    /** A row as a vector of the model. */
    private static Tensor kept(Scope scope, Tensor row) {
        try (Tensor copy = Kernels.copy(scope, row)) {
            return copy.reshape(row.dim(1));
        }
    }

    /** The convolution for so many bands. */
    PatchEmbed stem(long bands, Stem stem) {
        return bands == TerraFMConfig.S1_BANDS ? s1 : stem == Stem.L2A_STEM ? l2a : l1c;
    }

    /** [B, bands, 1, H, W] to [B, cells, E], without positions. */
    Tensor apply(Scope scope, Tensor image, PatchEmbed stem) {
        try (Tensor covered = stem.covered(image);
                Tensor patches = stem.apply(scope, covered);
                Tensor normal = norm.apply(scope, patches)) {
            return last.apply(scope, normal);
        }
    }
}
