// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import io.gatun.bindings.ffi.GatunH;
import java.util.Arrays;
import java.util.Optional;

/**
 * The operations: one method for each operation of {@code gatun.h}, of the same name.
 *
 * <p>Each is queued on the scope's stream and returns at once; results belong to the scope. Tensors are f32 and dense
 * unless stated, accumulation is f32, images are channels-last. Arguments may belong to any scope of the same device.
 *
 * <p>All of them throw {@link ShapeException} for extents, strides or gaps that do not fit, {@link DTypeException} for
 * element types, {@link ArgumentException} for other values, other devices and wrong kinds of weights,
 * {@link DeviceMemoryException} if the result does not fit into memory, and {@link IllegalStateException} if something
 * is closed or the scope is in use by another thread. A failure of queued work surfaces as a {@link DeviceException}
 * where the scope is next waited for.
 */
public final class Kernels {
    private Kernels() {}

    /**
     * Sets every element.
     *
     * @param scope where it runs
     * @param out a tensor of the scope, any type and strides except 0
     * @param value the value, converted to the type
     */
    public static void fill(Scope scope, Tensor out, double value) {
        scope.begin();
        try {
            scope.queued(GatunH.gatun_fill(scope.stream(), scope.out("fill: out", out), value, scope.error()));
        } finally {
            scope.end();
        }
    }

    /**
     * A dense copy.
     *
     * @param scope where it runs
     * @param x any type and strides
     * @return like x, dense
     */
    public static Tensor copy(Scope scope, Tensor x) {
        return copy(scope, x, x.dtype());
    }

    /**
     * A dense, converted copy: floats round to nearest even, float to integer truncates and saturates (NaN to 0),
     * anything to bool is {@code x != 0}.
     *
     * @param scope where it runs
     * @param x any type and strides
     * @param dtype type of the result
     * @return shape of x, dense
     */
    public static Tensor copy(Scope scope, Tensor x, DType dtype) {
        return scope.queued(dtype, x.shape(), out -> GatunH.gatun_copy(scope.stream(), scope.in("copy: x", x), out,
                scope.error()));
    }

    /**
     * Copies into a tensor, or into a view of one, with the conversions of {@link #copy(Scope, Tensor, DType)}.
     *
     * @param scope where it runs
     * @param x any type and strides
     * @param out a tensor of the scope, the shape of x, any type and strides except 0, apart from x
     */
    public static void copy(Scope scope, Tensor x, Tensor out) {
        Check.shape("copy", "out", out, x.shape().toArray());
        scope.begin();
        try {
            scope.queued(GatunH.gatun_copy(scope.stream(), scope.in("copy: x", x), scope.out("copy: out", out),
                    scope.error()));
        } finally {
            scope.end();
        }
    }

    /**
     * {@code a + b}, with PyTorch's broadcasting.
     *
     * @param scope where it runs
     * @param a f32, any strides
     * @param b f32, any strides
     * @return the shape that both broadcast to
     */
    public static Tensor add(Scope scope, Tensor a, Tensor b) {
        return binary(scope, BinaryOp.ADD, a, b);
    }

    /**
     * {@code out = a + b}, with PyTorch's broadcasting.
     *
     * @param scope where it runs
     * @param a f32, any strides, broadcast to out
     * @param b f32, any strides, broadcast to out
     * @param out dense f32 tensor of the scope; it may be a or b itself
     */
    public static void add(Scope scope, Tensor a, Tensor b, Tensor out) {
        binary(scope, BinaryOp.ADD, a, b, out);
    }

    /**
     * {@code a op b}, with PyTorch's broadcasting.
     *
     * @param scope where it runs
     * @param op the operation
     * @param a f32, any strides
     * @param b f32, any strides
     * @return the shape that both broadcast to
     */
    public static Tensor binary(Scope scope, BinaryOp op, Tensor a, Tensor b) {
        Shape shape = Shape.of(Check.broadcast(op.lowerCase(), a.shape(), b.shape()));
        return scope.filled(DType.F32, shape, out -> binary(scope, op, a, b, out));
    }

    /**
     * {@code out = a op b}, with PyTorch's broadcasting.
     *
     * @param scope where it runs
     * @param op the operation
     * @param a f32, any strides, broadcast to out
     * @param b f32, any strides, broadcast to out
     * @param out dense f32 tensor of the scope; it may be a or b itself
     */
    public static void binary(Scope scope, BinaryOp op, Tensor a, Tensor b, Tensor out) {
        String name = op.lowerCase();
        Check.denseF32(name, "out", out);
        Check.dtype(name, "a", a, DType.F32);
        Check.dtype(name, "b", b, DType.F32);
        scope.begin();
        try (Tensor left = a.expand(out.shape().toArray()); Tensor right = b.expand(out.shape().toArray())) {
            scope.queued(GatunH.gatun_binary(scope.stream(), op.ordinal(), scope.in(name + ": a", left),
                    scope.in(name + ": b", right), scope.out(name + ": out", out), scope.error()));
        } finally {
            scope.end();
        }
    }

    /**
     * {@code activation(x)}.
     *
     * @param scope where it runs
     * @param x any shape
     * @param activation applied to each element
     * @return shape of x
     */
    public static Tensor activate(Scope scope, Tensor x, Activation activation) {
        Check.denseF32("activate", "x", x);
        return scope.queued(DType.F32, x.shape(), out -> GatunH.gatun_activate(scope.stream(),
                scope.in("activate: x", x), activation.ordinal(), out, scope.error()));
    }

    /**
     * Rows of a table by number, as {@code torch.nn.Embedding}: {@code out[i] = table[ids[i]]}.
     *
     * @param scope where it runs
     * @param table [V, E]
     * @param ids [...] int64; one outside 0 to V - 1 gives a row of NaN
     * @return [..., E]
     */
    public static Tensor takeRows(Scope scope, Tensor table, Tensor ids) {
        Check.rank("takeRows", "table", table, 2, "[V, E]");
        Check.denseF32("takeRows", "table", table);
        Check.dtype("takeRows", "ids", ids, DType.I64);
        Check.dense("takeRows", "ids", ids);
        long count = ids.shape().numElements();
        long[] shape = Arrays.copyOf(ids.shape().toArray(), ids.shape().rank() + 1);
        shape[shape.length - 1] = table.dim(1);
        try (Tensor flat = ids.reshape(count);
                Tensor taken = scope.queued(DType.F32, Shape.of(count, table.dim(1)), out -> GatunH.gatun_take_rows(
                        scope.stream(), scope.in("takeRows: table", table), scope.in("takeRows: ids", flat), out,
                        scope.error()))) {
            return taken.reshape(shape);
        }
    }

    /**
     * {@code torch.nn.GroupNorm}, then an activation: over all places and {@code C / groups} neighbouring channels of
     * each sample, biased variance.
     *
     * @param scope where it runs
     * @param x [B, ..., C], channels last
     * @param groups a divisor of C
     * @param weight [C]
     * @param bias [C]
     * @param eps added to the variance
     * @param activation NONE, GELU or SILU
     * @return shape of x
     */
    public static Tensor groupNorm(Scope scope, Tensor x, long groups, Tensor weight, Tensor bias, double eps,
            Activation activation) {
        Check.denseF32("groupNorm", "x", x);
        if (x.shape().rank() < 2) {
            throw new ShapeException("groupNorm: x has shape " + x.shape() + ", expected [B, ..., C]");
        }
        Check.f32("groupNorm", "weight", weight, x.dim(-1));
        Check.f32("groupNorm", "bias", bias, x.dim(-1));
        Check.eps("groupNorm", eps);
        try (Tensor places = x.reshape(x.dim(0), -1, x.dim(-1));
                Tensor normed = scope.queued(DType.F32, places.shape(), out -> GatunH.gatun_group_norm(scope.stream(),
                        scope.in("groupNorm: x", places), groups, scope.in("groupNorm: weight", weight),
                        scope.in("groupNorm: bias", bias), eps, activation.ordinal(), out, scope.error()))) {
            return normed.reshape(x.shape().toArray());
        }
    }

    /**
     * Layer normalisation over the last axis, as {@code torch.nn.LayerNorm} (biased variance).
     *
     * @param scope where it runs
     * @param x [..., E]
     * @param weight [E]
     * @param bias [E]
     * @param eps added to the variance
     * @return shape of x
     */
    public static Tensor layerNorm(Scope scope, Tensor x, Tensor weight, Tensor bias, double eps) {
        return layerNorm(scope, x, Optional.empty(), weight, bias, eps);
    }

    /**
     * Layer normalisation of {@code x + residual} over the last axis.
     *
     * @param scope where it runs
     * @param x [..., E]
     * @param residual like x, added first
     * @param weight [E]
     * @param bias [E]
     * @param eps added to the variance
     * @return shape of x
     */
    public static Tensor layerNorm(
            Scope scope, Tensor x, Optional<Tensor> residual, Tensor weight, Tensor bias, double eps) {
        Check.denseF32("layerNorm", "x", x);
        Check.f32("layerNorm", "residual", residual, x.shape().toArray());
        Check.f32("layerNorm", "weight", weight, lastExtent("layerNorm", x));
        Check.f32("layerNorm", "bias", bias, lastExtent("layerNorm", x));
        Check.eps("layerNorm", eps);
        return scope.queued(DType.F32, x.shape(), out -> GatunH.gatun_layer_norm(scope.stream(),
                scope.in("layerNorm: x", x), scope.in("layerNorm: residual", residual),
                scope.in("layerNorm: weight", weight), scope.in("layerNorm: bias", bias), eps, out, scope.error()));
    }

    /**
     * Arranges the weight of a {@code torch.nn.Linear} for {@link #linear}, {@link #patchEmbed} and
     * {@link #temporalPool}.
     *
     * @param scope owner of the result; its precision is that of the weights
     * @param weight [N, K]; may be closed afterwards
     * @return the weights
     */
    public static Weights linearWeights(Scope scope, Tensor weight) {
        Check.rank("linearWeights", "weight", weight, 2, "[N, K]");
        Check.denseF32("linearWeights", "weight", weight);
        scope.begin();
        try {
            scope.queued(GatunH.gatun_linear_weights(scope.stream(), scope.in("linearWeights: weight", weight),
                    scope.precision().ordinal(), scope.handle().slot(), scope.error()));
            return new Weights(scope, scope.handle().adoptWeights(), Weights.Kind.LINEAR, weight.dim(1), weight.dim(0),
                    new Weights.Geometry(1, 1, 1, 1, 0, 0));
        } finally {
            scope.end();
        }
    }

    /**
     * Arranges the weight of a {@code torch.nn.Conv2d} with one group.
     *
     * @param scope owner of the result; its precision is that of the weights
     * @param weight [O, I, kH, kW]; may be closed afterwards
     * @return the weights
     */
    public static Weights conv2dWeights(Scope scope, Tensor weight) {
        Check.rank("conv2dWeights", "weight", weight, 4, "[O, I, kH, kW]");
        Check.denseF32("conv2dWeights", "weight", weight);
        scope.begin();
        try {
            scope.queued(GatunH.gatun_conv2d_weights(scope.stream(), scope.in("conv2dWeights: weight", weight),
                    scope.precision().ordinal(), scope.handle().slot(), scope.error()));
            return new Weights(scope, scope.handle().adoptWeights(), Weights.Kind.CONV2D, weight.dim(1), weight.dim(0),
                    new Weights.Geometry(weight.dim(2), weight.dim(3), 1, 1, 0, 0));
        } finally {
            scope.end();
        }
    }

    /**
     * Arranges the weight of a {@code torch.nn.ConvTranspose2d}.
     *
     * @param scope owner of the result; its precision is that of the weights
     * @param weight [I, O, kH, kW]; may be closed afterwards
     * @param strideH step in rows, 1 to kH
     * @param strideW step in columns, 1 to kW
     * @param paddingH rows cut off on each side, below kH
     * @param paddingW columns cut off on each side, below kW
     * @return the weights
     */
    public static Weights convTranspose2dWeights(
            Scope scope, Tensor weight, long strideH, long strideW, long paddingH, long paddingW) {
        Check.rank("convTranspose2dWeights", "weight", weight, 4, "[I, O, kH, kW]");
        Check.denseF32("convTranspose2dWeights", "weight", weight);
        scope.begin();
        try {
            scope.queued(GatunH.gatun_conv_transpose2d_weights(scope.stream(),
                    scope.in("convTranspose2dWeights: weight", weight), strideH, strideW, paddingH, paddingW,
                    scope.precision().ordinal(), scope.handle().slot(), scope.error()));
            return new Weights(scope, scope.handle().adoptWeights(), Weights.Kind.CONV_TRANSPOSE2D, weight.dim(0),
                    weight.dim(1),
                    new Weights.Geometry(weight.dim(2), weight.dim(3), strideH, strideW, paddingH, paddingW));
        } finally {
            scope.end();
        }
    }

    /**
     * {@code x W^T + bias}.
     *
     * @param scope where it runs
     * @param x [..., K]
     * @param weights linear weights of [N, K]
     * @param bias [N]
     * @return [..., N]
     */
    public static Tensor linear(Scope scope, Tensor x, Weights weights, Tensor bias) {
        return linear(scope, x, weights, Optional.of(bias), Activation.NONE, Optional.empty());
    }

    /**
     * {@code activation(x W^T + bias) + residual}.
     *
     * @param scope where it runs
     * @param x [..., K]
     * @param weights linear weights of [N, K]
     * @param bias [N]
     * @param activation applied before the residual is added
     * @param residual [..., N]
     * @return [..., N]
     */
    public static Tensor linear(Scope scope, Tensor x, Weights weights, Optional<Tensor> bias, Activation activation,
            Optional<Tensor> residual) {
        Check.kind("linear", weights, Weights.Kind.LINEAR);
        Check.denseF32("linear", "x", x);
        if (lastExtent("linear", x) != weights.inputs()) {
            throw new ShapeException("linear: x has shape " + x.shape() + ", its last axis must be " + weights.inputs()
                    + " for a weight of [" + weights.outputs() + ", " + weights.inputs() + "]");
        }
        long[] shape = x.shape().toArray();
        shape[shape.length - 1] = weights.outputs();
        Check.f32("linear", "bias", bias, weights.outputs());
        Check.f32("linear", "residual", residual, shape);
        return scope.queued(DType.F32, Shape.of(shape), out -> GatunH.gatun_linear(scope.stream(),
                scope.in("linear: x", x), scope.in("linear: weights", weights), scope.in("linear: bias", bias),
                activation.ordinal(), scope.in("linear: residual", residual), out, scope.error()));
    }

    /**
     * {@link #attention(Scope, Tensor, long, Precision)} in {@link Precision#STRICT}.
     *
     * @param scope where it runs
     * @param qkv [B, N, 3E]
     * @param heads a divisor of E
     * @return [B, N, E]
     */
    public static Tensor attention(Scope scope, Tensor qkv, long heads) {
        return attention(scope, qkv, heads, Precision.STRICT);
    }

    /**
     * Multi-head self-attention: {@link #attention(Scope, Tensor, Tensor, Tensor, Optional, long, Precision)} of the
     * parts of a packed projection.
     *
     * @param scope where it runs
     * @param qkv [B, N, 3E]: query, key, value after each other, as torch's {@code in_proj} makes them
     * @param heads a divisor of E
     * @param precision of both products
     * @return [B, N, E]
     */
    public static Tensor attention(Scope scope, Tensor qkv, long heads, Precision precision) {
        Check.rank("attention", "qkv", qkv, 3, "[B, N, 3E]");
        Check.denseF32("attention", "qkv", qkv);
        long embed = qkv.dim(2) / 3;
        if (qkv.dim(2) % 3 != 0 || heads < 1 || embed % heads != 0) {
            throw new ShapeException("attention: qkv has shape " + qkv.shape() + " for " + heads
                    + " heads; its last axis must be 3 E, with E a multiple of the heads");
        }
        try (Tensor query = qkv.slice(2, 0, embed); Tensor key = qkv.slice(2, embed, 2 * embed);
                Tensor value = qkv.slice(2, 2 * embed, 3 * embed)) {
            return attention(scope, query, key, value, Optional.empty(), heads, precision);
        }
    }

    /**
     * Multi-head attention of some tokens to others, {@code concat_h softmax(Q_h K_h^T / sqrt(d)) V_h} with
     * {@code d = E / heads}; the [Nq, Nk] matrix is never stored. Query, key and value may be views of packed
     * projections ({@link Tensor#slice}, {@link Tensor#permute}): only the last axis is dense, nothing is copied.
     *
     * @param scope where it runs
     * @param query [B, Nq, E]
     * @param key [B, Nk, E], Nk not 0 unless there is no query
     * @param value [B, Nk, E]
     * @param mask bool [B or 1, Nq or 1, Nk], true = the key takes part, as torch's {@code attn_mask}; absent: all do.
     *     A query for which no key takes part gets the mean of all values. Under a mask scores below -2^127 count as if
     *     the key took no part
     * @param heads a divisor of E
     * @param precision of both products
     * @return [B, Nq, E]
     */
    public static Tensor attention(Scope scope, Tensor query, Tensor key, Tensor value, Optional<Tensor> mask,
            long heads, Precision precision) {
        requireTokens("query", query, "[B, Nq, E]");
        requireTokens("key", key, "[B, Nk, E]");
        requireTokens("value", value, "[B, Nk, E]");
        long embed = query.dim(2);
        if (heads < 1 || embed % heads != 0) {
            throw new ShapeException("attention: query has shape " + query.shape() + " for " + heads
                    + " heads; its last axis must be a multiple of the heads");
        }
        Check.shape("attention", "key", key, query.dim(0), key.dim(1), embed);
        Check.shape("attention", "value", value, query.dim(0), key.dim(1), embed);
        if (query.shape().numElements() > 0 && key.dim(1) == 0) {
            throw new ShapeException("attention: key has shape " + key.shape() + ", expected at least one key");
        }
        mask.ifPresent(allowed -> requireMask(allowed, query.dim(0), query.dim(1), key.dim(1)));
        return scope.queued(DType.F32, query.shape(), out -> GatunH.gatun_attention(scope.stream(),
                scope.in("attention: query", query), scope.in("attention: key", key),
                scope.in("attention: value", value), scope.in("attention: mask", mask), heads, precision.ordinal(), out,
                scope.error()));
    }

    private static void requireTokens(String role, Tensor x, String axes) {
        Check.dtype("attention", role, x, DType.F32);
        Check.rank("attention", role, x, 3, axes);
        requireDenseRows(role, x);
    }

    private static void requireMask(Tensor mask, long batch, long queries, long keys) {
        Check.dtype("attention", "mask", mask, DType.BOOL);
        Check.rank("attention", "mask", mask, 3, "[B or 1, Nq or 1, Nk]");
        if (mask.dim(0) != 1 && mask.dim(0) != batch || mask.dim(1) != 1 && mask.dim(1) != queries
                || mask.dim(2) != keys) {
            throw new ShapeException("attention: mask has shape " + mask.shape() + ", expected [" + batch + " or 1, "
                    + queries + " or 1, " + keys + "]");
        }
        requireDenseRows("mask", mask);
    }

    private static void requireDenseRows(String role, Tensor x) {
        if (x.dim(2) > 1 && x.strides()[2] != 1) {
            throw new ShapeException("attention: " + role + " of shape " + x.shape() + " is a view with strides "
                    + Arrays.toString(x.strides()) + "; its last axis must be dense. Copy it first:"
                    + " Kernels.copy(scope, tensor).");
        }
    }

    /**
     * {@link #patchEmbed(Scope, Tensor, Optional, Weights, Optional, Optional, Optional, Optional, PatchEmbedOptions,
     * DType)} to f32 tokens, without positions.
     *
     * @param scope where it runs
     * @param x [B, C, T, H, W] f32, bf16 or packed int16; T, H, W multiples of the patch
     * @param mask boolean like x, true = missing; present for {@link Validity#MASK}, and only then
     * @param weights linear weights of [E, K]
     * @param bias [E]
     * @param normWeight [E], the LayerNorm that follows; together with normBias or not at all
     * @param normBias [E]
     * @param options patch, validity and packing
     * @return [B, T/pt H/ph W/pw, E], time slowest, column fastest
     */
    public static Tensor patchEmbed(Scope scope, Tensor x, Optional<Tensor> mask, Weights weights,
            Optional<Tensor> bias, Optional<Tensor> normWeight, Optional<Tensor> normBias, PatchEmbedOptions options) {
        return patchEmbed(scope, x, mask, weights, bias, normWeight, normBias, Optional.empty(), options, DType.F32);
    }

    /**
     * Masked-patch embedding: each patch of days, rows and columns becomes a token, in one pass over pixels and mask,
     * {@code layerNorm(W patch + bias) + position}. Missing values enter as 0, whatever lies there. Pixels of int16 are
     * packed: {@link PatchEmbedOptions#packed}. Everything is computed in f32; bf16 tokens are rounded once, to nearest
     * even.
     *
     * @param scope where it runs
     * @param x [B, C, T, H, W] f32, bf16 or packed int16; T, H, W multiples of the patch
     * @param mask boolean like x, true = missing; present for {@link Validity#MASK}, and only then
     * @param weights linear weights of [E, K], K = C pt ph pw, twice that with validity channels: torch's Conv3d weight
     *     flattened, the C data channels first, then the C validity channels (1 = present)
     * @param bias [E]
     * @param normWeight [E], the LayerNorm that follows; together with normBias or not at all
     * @param normBias [E]
     * @param position [T/pt H/ph W/pw, E], added last: a row for each token of an image
     * @param options patch, validity and packing
     * @param dtype type of the result, F32 or BF16
     * @return [B, T/pt H/ph W/pw, E], time slowest, column fastest
     */
    public static Tensor patchEmbed(Scope scope, Tensor x, Optional<Tensor> mask, Weights weights,
            Optional<Tensor> bias, Optional<Tensor> normWeight, Optional<Tensor> normBias, Optional<Tensor> position,
            PatchEmbedOptions options, DType dtype) {
        long tokens = checkPatchEmbed("patchEmbed", x, mask, weights, bias, normWeight, normBias, options);
        Check.f32("patchEmbed", "position", position, tokens, weights.outputs());
        Check.oneOf("patchEmbed", "the result", dtype, DType.F32, DType.BF16);
        return scope.queued(dtype, Shape.of(x.dim(0), tokens, weights.outputs()), out -> GatunH.gatun_patch_embed(
                scope.stream(), scope.in("patchEmbed: x", x), scope.in("patchEmbed: mask", mask),
                scope.in("patchEmbed: weights", weights), scope.in("patchEmbed: bias", bias),
                scope.in("patchEmbed: normWeight", normWeight), scope.in("patchEmbed: normBias", normBias),
                scope.in("patchEmbed: position", position), scope.handle().patchEmbedOptions(options), out,
                scope.error()));
    }

    /**
     * Temporal attention pooling: each place's T tokens become one.
     *
     * <p>{@code s = x + dayEncoding[t] + monthEncoding[m]};
     * {@code logit = scoreWeight . gelu(W layerNorm(s) + hiddenBias) + scoreBias};
     * {@code out = sum_t softmax_t(logit) s} over the days that are not padded. A month with every day padded gives
     * NaN. Logits, softmax and s are never stored.
     *
     * @param scope where it runs
     * @param x [B, M, T, S, E], S places
     * @param dayEncoding [T, E]
     * @param monthEncoding [M, E]
     * @param parameters the learned part
     * @param padded boolean [B, M, T], true = the day does not exist
     * @return [B, S, M, E]
     */
    public static Tensor temporalPool(Scope scope, Tensor x, Tensor dayEncoding, Tensor monthEncoding,
            TemporalPoolParameters parameters, Optional<Tensor> padded) {
        Check.rank("temporalPool", "x", x, 5, "[B, M, T, S, E]");
        Check.denseF32("temporalPool", "x", x);
        long embed = x.dim(4);
        checkTemporalPool("temporalPool", x.dim(0), x.dim(1), x.dim(2), embed, dayEncoding, monthEncoding, parameters,
                padded);
        return scope.queued(DType.F32, Shape.of(x.dim(0), x.dim(3), x.dim(1), embed),
                out -> GatunH.gatun_temporal_pool(scope.stream(), scope.in("temporalPool: x", x),
                        scope.in("temporalPool: dayEncoding", dayEncoding),
                        scope.in("temporalPool: monthEncoding", monthEncoding),
                        scope.in("temporalPool: normWeight", parameters.normWeight()),
                        scope.in("temporalPool: normBias", parameters.normBias()), parameters.eps(),
                        scope.in("temporalPool: hidden", parameters.hidden()),
                        scope.in("temporalPool: hiddenBias", parameters.hiddenBias()),
                        scope.in("temporalPool: scoreWeight", parameters.scoreWeight()),
                        scope.in("temporalPool: scoreBias", parameters.scoreBias()),
                        scope.in("temporalPool: padded", padded), out, scope.error()));
    }

    /** Tokens of one of the B clips. */
    static long checkPatchEmbed(String op, Tensor x, Optional<Tensor> mask, Weights weights, Optional<Tensor> bias,
            Optional<Tensor> normWeight, Optional<Tensor> normBias, PatchEmbedOptions options) {
        Check.rank(op, "x", x, 5, "[B, C, T, H, W]");
        Check.oneOf(op, "x", x.dtype(), DType.F32, DType.BF16, DType.I16);
        Check.dense(op, "x", x);
        if (x.dtype() == DType.I16 && options.validity() == Validity.NAN) {
            throw new ArgumentException(op + ": x is int16, which has no NaN; use Validity.FILL or Validity.MASK");
        }
        long tokens = Check.patches(op, x, 2, "T", options.patchT())
                * Check.patches(op, x, 3, "H", options.patchH())
                * Check.patches(op, x, 4, "W", options.patchW());
        Check.bool(op, "mask", mask, x.shape().toArray());
        if (mask.isPresent() != (options.validity() == Validity.MASK)) {
            throw new ArgumentException(op + ": a mask goes with Validity.MASK and only with it; got "
                    + (mask.isPresent() ? "a mask" : "no mask") + " and " + options.validity());
        }
        if (normWeight.isPresent() != normBias.isPresent()) {
            throw new ArgumentException(op + ": normWeight and normBias come together or not at all");
        }
        Check.kind(op, weights, Weights.Kind.LINEAR);
        long inputs = (options.validity() == Validity.NONE ? 1 : 2) * x.dim(1) * options.patchT() * options.patchH()
                * options.patchW();
        if (weights.inputs() != inputs) {
            throw new ShapeException(op + ": weights have " + weights.inputs() + " inputs, expected " + inputs
                    + " for " + x.dim(1) + " channels, patch " + options.patchT() + " x " + options.patchH() + " x "
                    + options.patchW() + " and validity " + options.validity());
        }
        Check.f32(op, "bias", bias, weights.outputs());
        Check.f32(op, "normWeight", normWeight, weights.outputs());
        Check.f32(op, "normBias", normBias, weights.outputs());
        Check.eps(op, options.eps());
        return tokens;
    }

    static void checkTemporalPool(String op, long batch, long months, long days, long embed, Tensor dayEncoding,
            Tensor monthEncoding, TemporalPoolParameters parameters, Optional<Tensor> padded) {
        Check.kind(op, parameters.hidden(), Weights.Kind.LINEAR);
        if (parameters.hidden().inputs() != embed || parameters.hidden().outputs() != embed) {
            throw new ShapeException(op + ": hidden weights are [" + parameters.hidden().outputs() + ", "
                    + parameters.hidden().inputs() + "], expected [" + embed + ", " + embed + "]");
        }
        Check.f32(op, "dayEncoding", dayEncoding, days, embed);
        Check.f32(op, "monthEncoding", monthEncoding, months, embed);
        Check.f32(op, "normWeight", parameters.normWeight(), embed);
        Check.f32(op, "normBias", parameters.normBias(), embed);
        Check.eps(op, parameters.eps());
        Check.f32(op, "hiddenBias", parameters.hiddenBias(), embed);
        Check.f32(op, "scoreWeight", parameters.scoreWeight(), embed);
        Check.f32(op, "scoreBias", parameters.scoreBias(), 1);
        Check.bool(op, "padded", padded, batch, months, days);
    }

    private static long lastExtent(String op, Tensor x) {
        if (x.shape().rank() == 0) {
            throw new ShapeException(op + ": x is a scalar, expected at least one axis");
        }
        return x.dim(-1);
    }
}
