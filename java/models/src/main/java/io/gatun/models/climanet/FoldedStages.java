// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Activation;
import io.gatun.core.Fusions;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;

/**
 * The decoder in two kernels. Projection, transposed convolution and first 3x3 convolution have no activation between
 * them and are folded into one; the second 3x3 convolution ends in the maps.
 */
record FoldedStages(Weights prefix, Weights refine, Tensor refineBias, Tensor headWeight, Tensor headBias)
        implements MonthlyConvDecoder.DecoderStages {
    static FoldedStages of(Scope scope, MonthlyConvDecoder.Source s) {
        Weights prefix = Fusions.decoderWeights(scope, s.projWeightTensor(scope), scope.of(s.projBias(), s.hidden()),
                s.upWeightTensor(scope), scope.of(s.upBias(), s.channels()), s.refine0().weight(),
                s.refine0().bias(), s.patchH(), s.patchW(), s.overlap(), s.overlap());
        return new FoldedStages(prefix, Fusions.refineWeights(scope, s.refine1().weight()),
                s.refine1().bias(), scope.of(s.headWeight(), s.channels()), scope.of(s.headBias(), 1));
    }

    @Override
    public Tensor maps(Scope scope, Tensor tokens, MonthlyConvDecoder.Output output, Trace trace) {
        try (Tensor image = Fusions.decoderPrefix(scope, tokens, prefix, Activation.GELU);
                Tensor images = image.reshape(output.batch(), -1, image.dim(1), image.dim(2), image.dim(3))) {
            return Fusions.refineHead(scope, images, refine, refineBias, headWeight, headBias, output.scale(),
                    output.shift(), output.land());
        }
    }
}
