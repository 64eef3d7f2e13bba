// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import io.gatun.bindings.ffi.GatunH;
import java.util.Optional;

/**
 * Several operations of {@link Kernels} in one, whose intermediates are not stored: one method for each such function
 * of {@code gatun.h}. Results agree with the single operations to rounding. What is said of {@link Kernels} about
 * scopes, layouts and errors holds here too.
 */
public final class Fusions {
    private Fusions() {}

    /**
     * {@link Kernels#patchEmbed} with its LayerNorm, then {@link Kernels#temporalPool}: pixels in, month tokens out;
     * the tokens of the days are not stored.
     *
     * @param scope where it runs
     * @param x [B M, C, T, H, W] of the types of patchEmbed, the months of a sample after each other
     * @param mask boolean like x, true = missing; present for {@link Validity#MASK}, and only then
     * @param patch the patch embedding, of E outputs
     * @param dayEncoding [T/pt, E]
     * @param monthEncoding [M, E]
     * @param pool the learned part of the pooling
     * @param padded boolean [B, M, T/pt], true = the day does not exist
     * @return [B, H/ph W/pw, M, E]
     */
    public static Tensor encodePool(Scope scope, Tensor x, Optional<Tensor> mask, PatchEmbedParameters patch,
            Tensor dayEncoding, Tensor monthEncoding, TemporalPoolParameters pool, Optional<Tensor> padded) {
        PatchEmbedOptions options = patch.options();
        Kernels.checkPatchEmbed("encodePool", x, mask, patch.weights(), Optional.of(patch.bias()),
                Optional.of(patch.normWeight()), Optional.of(patch.normBias()), options);
        Check.rank("encodePool", "monthEncoding", monthEncoding, 2, "[M, E]");
        long months = monthEncoding.dim(0);
        if (months < 1 || x.dim(0) % months != 0) {
            throw new ShapeException("encodePool: x has " + x.dim(0) + " months in all, the month encodings " + months
                    + "; expected a multiple");
        }
        long batch = x.dim(0) / months;
        long embed = patch.weights().outputs();
        Kernels.checkTemporalPool("encodePool", batch, months, x.dim(2) / options.patchT(), embed, dayEncoding,
                monthEncoding, pool, padded);
        long places = x.dim(3) / options.patchH() * (x.dim(4) / options.patchW());
        return scope.queued(DType.F32, Shape.of(batch, places, months, embed), out -> GatunH.gatun_encode_pool(
                scope.stream(), scope.in("encodePool: x", x), scope.in("encodePool: mask", mask),
                scope.in("encodePool: weights", patch.weights()), scope.in("encodePool: bias", patch.bias()),
                scope.in("encodePool: patch.normWeight", patch.normWeight()),
                scope.in("encodePool: patch.normBias", patch.normBias()), scope.handle().patchEmbedOptions(options),
                scope.in("encodePool: dayEncoding", dayEncoding), scope.in("encodePool: monthEncoding", monthEncoding),
                scope.in("encodePool: normWeight", pool.normWeight()),
                scope.in("encodePool: normBias", pool.normBias()), pool.eps(),
                scope.in("encodePool: hidden", pool.hidden()), scope.in("encodePool: hiddenBias", pool.hiddenBias()),
                scope.in("encodePool: scoreWeight", pool.scoreWeight()),
                scope.in("encodePool: scoreBias", pool.scoreBias()), scope.in("encodePool: padded", padded), out,
                scope.error()));
    }

    /**
     * Arranges the linear beginning of an overlap decoder: 1x1 projection, transposed convolution and 3x3 convolution
     * with padding 1, folded into one where the device has a kernel for that.
     *
     * @param scope owner of the result; its precision is that of the weights
     * @param projWeight [D, E]
     * @param projBias [D]
     * @param upWeight [D, C, kH, kW] of the transposed convolution
     * @param upBias [C]
     * @param convWeight [O, C, 3, 3]
     * @param convBias [O]
     * @param strideH step in rows, 1 to kH
     * @param strideW step in columns, 1 to kW
     * @param paddingH rows cut off on each side, below kH
     * @param paddingW columns cut off on each side, below kW
     * @return weights for {@link #decoderPrefix}; the tensors may be closed afterwards
     */
    public static Weights decoderWeights(Scope scope, Tensor projWeight, Tensor projBias, Tensor upWeight,
            Tensor upBias, Tensor convWeight, Tensor convBias, long strideH, long strideW, long paddingH,
            long paddingW) {
        Check.rank("decoderWeights", "projWeight", projWeight, 2, "[D, E]");
        Check.denseF32("decoderWeights", "projWeight", projWeight);
        Check.rank("decoderWeights", "upWeight", upWeight, 4, "[D, C, kH, kW]");
        long hidden = projWeight.dim(0);
        long channels = upWeight.dim(1);
        Check.f32("decoderWeights", "projBias", projBias, hidden);
        Check.f32("decoderWeights", "upWeight", upWeight, hidden, channels, upWeight.dim(2), upWeight.dim(3));
        Check.f32("decoderWeights", "upBias", upBias, channels);
        Check.rank("decoderWeights", "convWeight", convWeight, 4, "[O, C, 3, 3]");
        Check.f32("decoderWeights", "convWeight", convWeight, convWeight.dim(0), channels, 3, 3);
        Check.f32("decoderWeights", "convBias", convBias, convWeight.dim(0));
        scope.begin();
        try {
            scope.queued(GatunH.gatun_decoder_weights(scope.stream(),
                    scope.in("decoderWeights: projWeight", projWeight), scope.in("decoderWeights: projBias", projBias),
                    scope.in("decoderWeights: upWeight", upWeight), scope.in("decoderWeights: upBias", upBias),
                    scope.in("decoderWeights: convWeight", convWeight), scope.in("decoderWeights: convBias", convBias),
                    strideH, strideW, paddingH, paddingW, scope.precision().ordinal(), scope.handle().slot(),
                    scope.error()));
            return new Weights(scope, scope.handle().adoptWeights(), Weights.Kind.DECODER, projWeight.dim(1),
                    convWeight.dim(0), new Weights.Geometry(upWeight.dim(2), upWeight.dim(3), strideH, strideW,
                            paddingH, paddingW));
        } finally {
            scope.end();
        }
    }

    /**
     * {@code activation(conv(up(proj(x))))} with the parts of {@link #decoderWeights}.
     *
     * @param scope where it runs
     * @param x [B, H, W, E]
     * @param weights of {@link #decoderWeights}
     * @param activation applied last
     * @return [B, (H-1) strideH - 2 paddingH + kH, likewise W, O]
     */
    public static Tensor decoderPrefix(Scope scope, Tensor x, Weights weights, Activation activation) {
        Check.kind("decoderPrefix", weights, Weights.Kind.DECODER);
        Check.rank("decoderPrefix", "x", x, 4, "[B, H, W, E]");
        Check.f32("decoderPrefix", "x", x, x.dim(0), x.dim(1), x.dim(2), weights.inputs());
        Weights.Geometry g = weights.geometry();
        long rows = (x.dim(1) - 1) * g.strideH() - 2 * g.paddingH() + g.kernelH();
        long columns = (x.dim(2) - 1) * g.strideW() - 2 * g.paddingW() + g.kernelW();
        Images.requireImage("decoderPrefix", x, rows, columns);
        return scope.queued(DType.F32, Shape.of(x.dim(0), rows, columns, weights.outputs()),
                out -> GatunH.gatun_decoder_prefix(scope.stream(), scope.in("decoderPrefix: x", x),
                        scope.in("decoderPrefix: weights", weights), activation.ordinal(), out, scope.error()));
    }

    /**
     * Arranges the 3x3 convolution of {@link #refineHead}.
     *
     * @param scope owner of the result; its precision is that of the weights
     * @param weight [O, I, 3, 3]; may be closed afterwards
     * @return the weights
     */
    public static Weights refineWeights(Scope scope, Tensor weight) {
        Check.rank("refineWeights", "weight", weight, 4, "[O, I, 3, 3]");
        Check.f32("refineWeights", "weight", weight, weight.dim(0), weight.dim(1), 3, 3);
        scope.begin();
        try {
            scope.queued(GatunH.gatun_refine_weights(scope.stream(), scope.in("refineWeights: weight", weight),
                    scope.precision().ordinal(), scope.handle().slot(), scope.error()));
            return new Weights(scope, scope.handle().adoptWeights(), Weights.Kind.REFINE, weight.dim(1), weight.dim(0),
                    new Weights.Geometry(3, 3, 1, 1, 1, 1));
        } finally {
            scope.end();
        }
    }

    /**
     * A 3x3 convolution with padding 1 and GELU, then {@link Images#mapHead}; the convolution's result is not stored.
     * The CPU makes 4 x 4 pixels at once: a pixel of {@code x} that is not finite makes NaN of all of them that it
     * reaches. With {@code GATUN_DISABLE=winograd} in the environment it reaches the nine around it, as in
     * {@link Images#conv2d}.
     *
     * @param scope where it runs
     * @param x [B, M, H, W, I]
     * @param weights of {@link #refineWeights}
     * @param bias [O]
     * @param headWeight [O]
     * @param headBias [1]
     * @param scale [M]
     * @param shift [M]
     * @param land boolean [B, H, W], true = land
     * @return [B, M, H, W]
     */
    public static Tensor refineHead(Scope scope, Tensor x, Weights weights, Tensor bias, Tensor headWeight,
            Tensor headBias, Tensor scale, Tensor shift, Optional<Tensor> land) {
        Check.kind("refineHead", weights, Weights.Kind.REFINE);
        Check.rank("refineHead", "x", x, 5, "[B, M, H, W, I]");
        Check.f32("refineHead", "x", x, x.dim(0), x.dim(1), x.dim(2), x.dim(3), weights.inputs());
        Check.f32("refineHead", "bias", bias, weights.outputs());
        Check.f32("refineHead", "headWeight", headWeight, weights.outputs());
        Check.f32("refineHead", "headBias", headBias, 1);
        Check.f32("refineHead", "scale", scale, x.dim(1));
        Check.f32("refineHead", "shift", shift, x.dim(1));
        Check.bool("refineHead", "land", land, x.dim(0), x.dim(2), x.dim(3));
        return scope.queued(DType.F32, Shape.of(x.dim(0), x.dim(1), x.dim(2), x.dim(3)),
                out -> GatunH.gatun_refine_head(scope.stream(), scope.in("refineHead: x", x),
                        scope.in("refineHead: weights", weights), scope.in("refineHead: bias", bias),
                        scope.in("refineHead: headWeight", headWeight), scope.in("refineHead: headBias", headBias),
                        scope.in("refineHead: scale", scale), scope.in("refineHead: shift", shift),
                        scope.in("refineHead: land", land), out, scope.error()));
    }
}
