// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import io.gatun.models.layers.Conv2d;
import io.gatun.models.layers.Linear;
import java.util.Optional;

/** The decoder's stages after each other; each is shown to the trace. */
record PlainStages(Linear proj, Weights deconv, Tensor deconvBias, Conv2d refine0, Conv2d refine1, Tensor headWeight,
        Tensor headBias) implements MonthlyConvDecoder.DecoderStages {
    static PlainStages of(Scope scope, MonthlyConvDecoder.Source s) {
        return new PlainStages(
                new Linear(Kernels.linearWeights(scope, s.projWeightTensor(scope)),
                        Optional.of(scope.of(s.projBias(), s.hidden()))),
                Kernels.convTranspose2dWeights(
                        scope, s.upWeightTensor(scope), s.patchH(), s.patchW(), s.overlap(), s.overlap()),
                scope.of(s.upBias(), s.channels()), Conv2d.of(scope, s.refine0()), Conv2d.of(scope, s.refine1()),
                scope.of(s.headWeight(), s.channels()), scope.of(s.headBias(), 1));
    }

    @Override
    public Tensor maps(Scope scope, Tensor tokens, MonthlyConvDecoder.Output output, Trace trace) {
        Tensor projected = proj.apply(scope, tokens);
        trace.accept("proj", projected);
        Tensor up = Images.convTranspose2d(scope, projected, deconv, Optional.of(deconvBias), 0, 0);
        trace.accept("deconv", up);
        Tensor refined = refine1.applyGelu(scope, refine0.applyGelu(scope, up));
        trace.accept("refine", refined);
        Tensor maps = refined.reshape(output.batch(), -1, refined.dim(1), refined.dim(2), refined.dim(3));
        return Images.mapHead(scope, maps, headWeight, headBias, output.scale(), output.shift(), output.land());
    }
}
