// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import io.gatun.models.layers.Conv2d;
import io.gatun.models.layers.Linear;
import java.util.Optional;

/**
 * Tokens to maps: 1x1 convolution, transposed convolution with overlapping patches, two convolutions with batch norm
 * and GELU, 1x1 head, scale and bias of the month, land. Upstream class of the same name; images are channels-last
 * here, and the batch norms are folded into the convolutions when loading.
 */
final class MonthlyConvDecoder {
    private final Linear proj;
    private final Weights deconv;
    private final Tensor deconvBias;
    private final Conv2d refine0;
    private final Conv2d refine1;
    private final Tensor headWeight;
    private final Tensor headBias;
    private final float[] scale;
    private final float[] bias;

    MonthlyConvDecoder(
            Scope scope, StateDict state, int embedDim, int patchH, int patchW, int hidden, int overlap,
            int numMonths) {
        scale = state.takeFloats("scale", numMonths);
        bias = state.takeFloats("bias", numMonths);
        proj = Linear.loadConv1x1(scope, state.at("proj"), embedDim, hidden);
        int channels = hidden / 2;
        int kernelH = patchH + 2 * overlap;
        int kernelW = patchW + 2 * overlap;
        StateDict up = state.at("deconv");
        Tensor kernel = scope.of(up.takeFloats("weight", hidden, channels, kernelH, kernelW), hidden, channels, kernelH,
                kernelW);
        deconv = Kernels.convTranspose2dWeights(scope, kernel, patchH, patchW, overlap, overlap);
        deconvBias = scope.of(up.takeFloats("bias", channels), channels);
        StateDict refine = state.at("refine");
        refine0 = Conv2d.loadFolded(scope, refine.at("0"), refine.at("1"), channels, channels);
        refine1 = Conv2d.loadFolded(scope, refine.at("3"), refine.at("4"), channels, channels);
        StateDict head = state.at("head");
        headWeight = scope.of(head.takeFloats("weight", 1, channels, 1, 1), channels);
        headBias = scope.of(head.takeFloats("bias", 1), 1);
    }

    int numMonths() {
        return scale.length;
    }

    /**
     * latent [B, M, H', W', E], months the row of scale and bias for each month, land [B, H, W] or none;
     * maps [B, M, H, W]: kernel = patch + 2 overlap and padding = overlap give exactly H = patch H'.
     */
    Tensor forward(Scope scope, Tensor latent, int[] months, Optional<Tensor> land, Trace trace) {
        long batch = latent.dim(0);
        long count = latent.dim(1);
        Tensor scales = scope.of(chosen(scale, months), count);
        Tensor biases = scope.of(chosen(bias, months), count);
        Tensor tokens = latent.reshape(batch * count, latent.dim(2), latent.dim(3), latent.dim(4));
        Tensor projected = proj.apply(scope, tokens);
        trace.accept("proj", projected);
        Tensor up = Kernels.convTranspose2d(scope, projected, deconv, Optional.of(deconvBias), 0, 0);
        trace.accept("deconv", up);
        Tensor refined = refine1.applyGelu(scope, refine0.applyGelu(scope, up));
        trace.accept("refine", refined);
        Tensor maps = refined.reshape(batch, count, refined.dim(1), refined.dim(2), refined.dim(3));
        return Kernels.mapHead(scope, maps, headWeight, headBias, scales, biases, land);
    }

    private static float[] chosen(float[] values, int[] months) {
        float[] result = new float[months.length];
        for (int i = 0; i < months.length; i++) {
            result[i] = values[months[i]];
        }
        return result;
    }
}
