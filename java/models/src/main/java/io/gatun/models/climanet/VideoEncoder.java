// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Kernels;
import io.gatun.core.PatchEmbedOptions;
import io.gatun.core.PatchEmbedParameters;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Validity;
import io.gatun.core.Weights;
import io.gatun.models.layers.LayerNorm;
import java.util.Optional;

/**
 * Masked-patch embedding: missing cells become 0, a validity channel for each data channel says where, and a
 * {@code Conv3d} with kernel = stride = patch and a LayerNorm turn each patch into a token. Upstream class
 * {@code VideoEncoder}; one kernel here. Unlike upstream, NaN under the mask does not reach the result.
 */
final class VideoEncoder {
    private final Weights weight;
    private final Tensor bias;
    private final LayerNorm norm;
    private final PatchEmbedOptions options;

    VideoEncoder(Scope scope, StateDict state, int inChans, int embedDim, PatchSize patch) {
        StateDict proj = state.at("proj");
        float[] kernel =
                proj.takeFloats("weight", embedDim, 2L * inChans, patch.time(), patch.height(), patch.width());
        // The convolution of non-overlapping patches is a product with their flattened pixels.
        weight = Kernels.linearWeights(scope, scope.of(kernel, embedDim, kernel.length / embedDim));
        bias = scope.of(proj.takeFloats("bias", embedDim), embedDim);
        norm = LayerNorm.load(scope, state.at("norm"), embedDim);
        options = new PatchEmbedOptions(patch.time(), patch.height(), patch.width(), Validity.MASK, norm.eps());
    }

    /** x [N, C, T, H, W], mask like it, true = missing; tokens [N, T' H' W', E], time slowest. */
    Tensor forward(Scope scope, Tensor x, Tensor mask) {
        return Kernels.patchEmbed(scope, x, Optional.of(mask), weight, Optional.of(bias), Optional.of(norm.weight()),
                Optional.of(norm.bias()), options);
    }

    /** What the fused form takes. */
    PatchEmbedParameters parameters() {
        return new PatchEmbedParameters(weight, bias, norm.weight(), norm.bias(), options);
    }

    /** The convolution alone: [N, T' H' W', E]. */
    Tensor project(Scope scope, Tensor x, Tensor mask) {
        return Kernels.patchEmbed(scope, x, Optional.of(mask), weight, Optional.of(bias), Optional.empty(),
                Optional.empty(), options);
    }
}
