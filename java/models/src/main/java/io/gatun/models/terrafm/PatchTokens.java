// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terrafm;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.Linear;
import io.gatun.models.layers.PatchEmbed;

/**
 * Upstream's {@code PatchEmbed}: a convolution for each kind of image into 3 E channels, the embedding of that kind, and
 * upstream's {@code TokenProjection} into E. The embedding is added to the convolution's bias when it is loaded.
 */
record PatchTokens(PatchEmbed l2a, PatchEmbed l1c, PatchEmbed s1, Linear proj1, LayerNorm norm, Linear proj2,
        Linear proj3) {
    static PatchTokens load(Scope scope, StateDict state, TerraFMConfig config) {
        int wide = 3 * config.embedDim();
        StateDict projection = state.at("projection");
        return new PatchTokens(
                stem(scope, state, "s2_l2a", TerraFMConfig.S2_BANDS, config),
                stem(scope, state, "s2_l1c", TerraFMConfig.S2_BANDS, config),
                stem(scope, state, "s1", TerraFMConfig.S1_BANDS, config),
                Linear.load(scope, projection.at("proj1"), wide, wide, false),
                LayerNorm.load(scope, projection.at("norm_input"), wide),
                Linear.load(scope, projection.at("proj2"), wide, wide),
                Linear.load(scope, projection.at("proj3"), wide, config.embedDim()));
    }

    private static PatchEmbed stem(Scope scope, StateDict state, String kind, int bands, TerraFMConfig config) {
        int wide = 3 * config.embedDim();
        PatchEmbed convolution =
                PatchEmbed.load2d(scope, state.at("conv2d_" + kind), bands, wide, config.patchSize());
        try (Tensor embedding = state.takeTensor(scope, kind + "_embed", 1, wide);
                Tensor row = embedding.reshape(wide)) {
            Kernels.add(scope, convolution.bias(), row, convolution.bias());
        }
        return convolution;
    }

    /** The convolution for so many bands. */
    PatchEmbed stem(long bands, Stem stem) {
        return bands == TerraFMConfig.S1_BANDS ? s1 : stem == Stem.L2A_STEM ? l2a : l1c;
    }

    /** [B, bands, 1, H, W] to [B, cells, E], without positions. */
    Tensor apply(Scope scope, Tensor image, PatchEmbed stem) {
        try (Tensor covered = stem.covered(image);
                Tensor patches = stem.apply(scope, covered);
                Tensor first = proj1.apply(scope, patches);
                Tensor normal = norm.apply(scope, first);
                Tensor second = proj2.apply(scope, normal)) {
            return proj3.apply(scope, second);
        }
    }
}
