// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.FoldedConv2d;
import java.util.Optional;

/**
 * Tokens to maps: 1x1 convolution, transposed convolution with overlapping patches, two convolutions with batch norm
 * and GELU, 1x1 head, scale and bias of the month, land. Upstream class of the same name; images are channels-last
 * here, and the batch norms are folded into the convolutions when loading.
 */
final class MonthlyConvDecoder {
    private final float[] scale;
    private final float[] bias;
    private final DecoderStages stages;

    /** What draws the maps: all stages after each other, or folded. */
    interface DecoderStages {
        /** tokens [B M, H', W', E]; maps [B, M, H, W]. */
        Tensor maps(Scope scope, Tensor tokens, Output output, Trace trace);
    }

    /** What the last stage needs beside its weights; scale and shift [M], land [B, H, W]. */
    record Output(long batch, Tensor scale, Tensor shift, Optional<Tensor> land) {}

    /** Weights as upstream has them: proj [D, E, 1, 1], deconv [D, C, kH, kW], refine folded, head [1, C, 1, 1]. */
    record Source(int embedDim, int hidden, int channels, int patchH, int patchW, int overlap, float[] projWeight,
            float[] projBias, float[] upWeight, float[] upBias, FoldedConv2d refine0, FoldedConv2d refine1,
            float[] headWeight, float[] headBias) {
        static Source take(Scope scope, StateDict state, int embedDim, int patchH, int patchW, int hidden,
                int overlap) {
            int channels = hidden / 2;
            StateDict proj = state.at("proj");
            StateDict up = state.at("deconv");
            StateDict refine = state.at("refine");
            StateDict head = state.at("head");
            return new Source(embedDim, hidden, channels, patchH, patchW, overlap,
                    proj.takeFloats("weight", hidden, embedDim, 1, 1), proj.takeFloats("bias", hidden),
                    up.takeFloats("weight", hidden, channels, patchH + 2 * overlap, patchW + 2 * overlap),
                    up.takeFloats("bias", channels),
                    FoldedConv2d.take(scope, refine.at("0"), refine.at("1"), channels, channels),
                    FoldedConv2d.take(scope, refine.at("3"), refine.at("4"), channels, channels),
                    head.takeFloats("weight", 1, channels, 1, 1), head.takeFloats("bias", 1));
        }

        Tensor projWeightTensor(Scope scope) {
            return scope.of(projWeight, hidden, embedDim);
        }

        Tensor upWeightTensor(Scope scope) {
            return scope.of(upWeight, hidden, channels, patchH + 2L * overlap, patchW + 2L * overlap);
        }

        /** The fused kernels are for 3x3 convolutions, which is what upstream builds. */
        boolean folds() {
            return refine0.kernel() == 3 && refine1.kernel() == 3;
        }
    }

    MonthlyConvDecoder(
            Scope scope, StateDict state, int embedDim, int patchH, int patchW, int hidden, int overlap,
            int numMonths, Form form) {
        scale = state.takeFloats("scale", numMonths);
        bias = state.takeFloats("bias", numMonths);
        Source source = Source.take(scope, state, embedDim, patchH, patchW, hidden, overlap);
        stages = form == Form.FUSED && source.folds() ? FoldedStages.of(scope, source) : PlainStages.of(scope, source);
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
        Output output = new Output(
                batch, scope.of(chosen(scale, months), count), scope.of(chosen(bias, months), count), land);
        Tensor tokens = latent.reshape(batch * count, latent.dim(2), latent.dim(3), latent.dim(4));
        return stages.maps(scope, tokens, output, trace);
    }

    private static float[] chosen(float[] values, int[] months) {
        float[] result = new float[months.length];
        for (int i = 0; i < months.length; i++) {
            result[i] = values[months[i]];
        }
        return result;
    }
}
