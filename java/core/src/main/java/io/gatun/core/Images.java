// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import io.gatun.bindings.ffi.GatunH;
import java.util.Optional;

/**
 * Operations on channels-last images: one method for each such function of {@code gatun.h}. What is said of
 * {@link Kernels} about scopes, layouts and errors holds here too.
 */
public final class Images {
    private Images() {}

    /**
     * Transposed convolution, as {@code torch.nn.ConvTranspose2d}, in gather form: each output pixel sums the at most
     * ceil(k/s)^2 patches that reach it.
     *
     * @param scope where it runs
     * @param x [B, H, W, I]
     * @param weights of {@link Kernels#convTranspose2dWeights}
     * @param bias [O]
     * @param outputPaddingH rows added at the end, below strideH
     * @param outputPaddingW columns added at the end, below strideW
     * @return [B, (H-1) strideH - 2 paddingH + kH + outputPaddingH, likewise W, O]
     */
    public static Tensor convTranspose2d(Scope scope, Tensor x, Weights weights, Optional<Tensor> bias,
            long outputPaddingH, long outputPaddingW) {
        Check.kind("convTranspose2d", weights, Weights.Kind.CONV_TRANSPOSE2D);
        Check.rank("convTranspose2d", "x", x, 4, "[B, H, W, I]");
        Check.f32("convTranspose2d", "x", x, x.dim(0), x.dim(1), x.dim(2), weights.inputs());
        Check.f32("convTranspose2d", "bias", bias, weights.outputs());
        Weights.Geometry g = weights.geometry();
        if (outputPaddingH < 0 || outputPaddingH >= g.strideH()
                || outputPaddingW < 0 || outputPaddingW >= g.strideW()) {
            throw new ShapeException("convTranspose2d: output padding is " + outputPaddingH + " x " + outputPaddingW
                    + ", expected 0 to less than the stride " + g.strideH() + " x " + g.strideW());
        }
        long rows = (x.dim(1) - 1) * g.strideH() - 2 * g.paddingH() + g.kernelH() + outputPaddingH;
        long columns = (x.dim(2) - 1) * g.strideW() - 2 * g.paddingW() + g.kernelW() + outputPaddingW;
        requireImage("convTranspose2d", x, rows, columns);
        return scope.queued(DType.F32, Shape.of(x.dim(0), rows, columns, weights.outputs()),
                out -> GatunH.gatun_conv_transpose2d(scope.stream(), scope.in("convTranspose2d: x", x),
                        scope.in("convTranspose2d: weights", weights), scope.in("convTranspose2d: bias", bias), out,
                        scope.error()));
    }

    /**
     * {@code activation(conv2d(x) + bias)} as {@code torch.nn.Conv2d} with one group.
     *
     * @param scope where it runs
     * @param x [B, H, W, I]
     * @param weights of {@link Kernels#conv2dWeights}
     * @param bias [O]
     * @param geometry stride, padding with zeros and dilation
     * @param activation applied last: NONE, GELU or RELU
     * @return [B, (H + 2 padding - dilation (kH - 1) - 1) / stride + 1, likewise W, O]
     */
    public static Tensor conv2d(Scope scope, Tensor x, Weights weights, Optional<Tensor> bias, Conv2dGeometry geometry,
            Activation activation) {
        Check.kind("conv2d", weights, Weights.Kind.CONV2D);
        Check.rank("conv2d", "x", x, 4, "[B, H, W, I]");
        Check.f32("conv2d", "x", x, x.dim(0), x.dim(1), x.dim(2), weights.inputs());
        Check.f32("conv2d", "bias", bias, weights.outputs());
        Weights.Geometry g = weights.geometry();
        long reachH = geometry.dilationH() * (g.kernelH() - 1);
        long reachW = geometry.dilationW() * (g.kernelW() - 1);
        if (geometry.paddingH() > reachH || geometry.paddingW() > reachW) {
            throw new ShapeException("conv2d: padding is " + geometry.paddingH() + " x " + geometry.paddingW()
                    + ", expected at most dilation (kernel - 1), " + reachH + " x " + reachW);
        }
        long rows = Math.floorDiv(x.dim(1) + 2 * geometry.paddingH() - reachH - 1, geometry.strideH()) + 1;
        long columns = Math.floorDiv(x.dim(2) + 2 * geometry.paddingW() - reachW - 1, geometry.strideW()) + 1;
        requireImage("conv2d", x, rows, columns);
        return scope.queued(DType.F32, Shape.of(x.dim(0), rows, columns, weights.outputs()),
                out -> GatunH.gatun_conv2d(scope.stream(), scope.in("conv2d: x", x),
                        scope.in("conv2d: weights", weights), scope.in("conv2d: bias", bias),
                        scope.handle().conv2dOptions(geometry), activation.ordinal(), out, scope.error()));
    }

    /**
     * {@link #conv2d(Scope, Tensor, Weights, Optional, Conv2dGeometry, Activation)} with stride 1 and no dilation.
     *
     * @param scope where it runs
     * @param x [B, H, W, I]
     * @param weights of {@link Kernels#conv2dWeights}
     * @param bias [O]
     * @param padding rows and columns of zeros on each side, below the kernel
     * @param activation applied last: NONE, GELU or RELU
     * @return [B, H + 2 padding - kH + 1, W + 2 padding - kW + 1, O]
     */
    public static Tensor conv2d(
            Scope scope, Tensor x, Weights weights, Optional<Tensor> bias, long padding, Activation activation) {
        return conv2d(scope, x, weights, bias, Conv2dGeometry.padded(padding), activation);
    }

    /**
     * The decoder's last step: {@code land ? 0 : (x . weight + bias) * scale[m] + shift[m]}.
     *
     * @param scope where it runs
     * @param x [B, M, H, W, C]
     * @param weight [C]
     * @param bias [1]
     * @param scale [M]
     * @param shift [M]
     * @param land boolean [B, H, W], true = land
     * @return [B, M, H, W]
     */
    public static Tensor mapHead(Scope scope, Tensor x, Tensor weight, Tensor bias, Tensor scale, Tensor shift,
            Optional<Tensor> land) {
        Check.rank("mapHead", "x", x, 5, "[B, M, H, W, C]");
        Check.denseF32("mapHead", "x", x);
        Check.f32("mapHead", "weight", weight, x.dim(4));
        Check.f32("mapHead", "bias", bias, 1);
        Check.f32("mapHead", "scale", scale, x.dim(1));
        Check.f32("mapHead", "shift", shift, x.dim(1));
        Check.bool("mapHead", "land", land, x.dim(0), x.dim(2), x.dim(3));
        return scope.queued(DType.F32, Shape.of(x.dim(0), x.dim(1), x.dim(2), x.dim(3)), out -> GatunH.gatun_map_head(
                scope.stream(), scope.in("mapHead: x", x), scope.in("mapHead: weight", weight),
                scope.in("mapHead: bias", bias), scope.in("mapHead: scale", scale), scope.in("mapHead: shift", shift),
                scope.in("mapHead: land", land), out, scope.error()));
    }

    /**
     * Another size, as {@code torch.nn.functional.interpolate(size=..., antialias=False)}.
     *
     * @param scope where it runs
     * @param x [B, H, W, C], no extent 0
     * @param rows rows of the result
     * @param columns columns of the result
     * @param mode the interpolation; AREA is adaptive average pooling
     * @param alignCorners whether the corner pixels' centres coincide; for BILINEAR and BICUBIC
     * @return [B, rows, columns, C]
     */
    public static Tensor resize2d(
            Scope scope, Tensor x, long rows, long columns, ResizeMode mode, boolean alignCorners) {
        return resized(scope, x, rows, columns, 0, 0, mode, alignCorners);
    }

    /**
     * Another size, as {@code torch.nn.functional.interpolate(scale_factor=...)}: the size is the rounded-down product,
     * and samples lie 1 / scale apart whatever that size is.
     *
     * @param scope where it runs
     * @param x [B, H, W, C], no extent 0
     * @param scaleH factor of the rows, positive
     * @param scaleW factor of the columns, positive
     * @param mode the interpolation; AREA follows from the sizes alone
     * @param alignCorners whether the corner pixels' centres coincide; for BILINEAR and BICUBIC
     * @return [B, floor(H scaleH), floor(W scaleW), C]
     */
    public static Tensor rescale2d(
            Scope scope, Tensor x, double scaleH, double scaleW, ResizeMode mode, boolean alignCorners) {
        Check.rank("rescale2d", "x", x, 4, "[B, H, W, C]");
        if (!(scaleH > 0 && scaleW > 0 && scaleH < 1e6 && scaleW < 1e6)) {
            throw new ArgumentException("rescale2d: scale is " + scaleH + " x " + scaleW
                    + ", expected positive numbers below a million");
        }
        boolean sizes = mode == ResizeMode.AREA;
        return resized(scope, x, (long) Math.floor(x.dim(1) * scaleH), (long) Math.floor(x.dim(2) * scaleW),
                sizes ? 0 : scaleH, sizes ? 0 : scaleW, mode, alignCorners);
    }

    private static Tensor resized(Scope scope, Tensor x, long rows, long columns, double scaleH, double scaleW,
            ResizeMode mode, boolean alignCorners) {
        Check.rank("resize2d", "x", x, 4, "[B, H, W, C]");
        Check.denseF32("resize2d", "x", x);
        requireImage("resize2d", x, Math.min(rows, x.dim(1)), Math.min(columns, x.dim(2)));
        return scope.queued(DType.F32, Shape.of(x.dim(0), rows, columns, x.dim(3)), out -> GatunH.gatun_resize2d(
                scope.stream(), scope.in("resize2d: x", x), mode.ordinal(), alignCorners ? 1 : 0, scaleH, scaleW, out,
                scope.error()));
    }

    /**
     * Largest of each window, as {@code torch.nn.MaxPool2d} without padding, incomplete windows dropped. NaN if one is.
     *
     * @param scope where it runs
     * @param x [B, H, W, C]
     * @param kernel rows and columns of a window, at most those of x
     * @param stride step between windows
     * @return [B, (H - kernel) / stride + 1, (W - kernel) / stride + 1, C]
     */
    public static Tensor maxPool2d(Scope scope, Tensor x, long kernel, long stride) {
        Check.rank("maxPool2d", "x", x, 4, "[B, H, W, C]");
        Check.denseF32("maxPool2d", "x", x);
        if (kernel < 1 || stride < 1) {
            throw new ShapeException("maxPool2d: kernel is " + kernel + " and stride " + stride
                    + ", expected at least 1");
        }
        if (kernel > x.dim(1) || kernel > x.dim(2)) {
            throw ShapeException.ofSize("maxPool2d: kernel " + kernel + " for x of shape " + x.shape()
                    + "; expected at most " + Math.min(x.dim(1), x.dim(2)));
        }
        long rows = (x.dim(1) - kernel) / stride + 1;
        long columns = (x.dim(2) - kernel) / stride + 1;
        return scope.queued(DType.F32, Shape.of(x.dim(0), rows, columns, x.dim(3)), out -> GatunH.gatun_max_pool2d(
                scope.stream(), scope.in("maxPool2d: x", x), kernel, kernel, stride, stride, out, scope.error()));
    }

    /**
     * A border, as {@code torch.nn.functional.pad}.
     *
     * @param scope where it runs
     * @param x [B, H, W, C]
     * @param top rows added above
     * @param bottom rows added below
     * @param left columns added on the left
     * @param right columns added on the right
     * @param mode what fills it; REFLECT takes borders below the extent, CIRCULAR up to it
     * @param value of CONSTANT
     * @return [B, top + H + bottom, left + W + right, C]
     */
    public static Tensor pad2d(
            Scope scope, Tensor x, long top, long bottom, long left, long right, PadMode mode, double value) {
        Check.rank("pad2d", "x", x, 4, "[B, H, W, C]");
        Check.denseF32("pad2d", "x", x);
        if (Math.min(Math.min(top, bottom), Math.min(left, right)) < 0) {
            throw new ShapeException("pad2d: borders are " + top + ", " + bottom + ", " + left + ", " + right
                    + ", expected at least 0");
        }
        long rows = padded(top, x.dim(1), bottom);
        long columns = padded(left, x.dim(2), right);
        return scope.queued(DType.F32, Shape.of(x.dim(0), rows, columns, x.dim(3)), out -> GatunH.gatun_pad2d(
                scope.stream(), scope.in("pad2d: x", x), top, left, mode.ordinal(), value, out, scope.error()));
    }

    private static long padded(long before, long extent, long after) {
        try {
            return Math.addExact(Math.addExact(before, extent), after);
        } catch (ArithmeticException e) {
            throw new ShapeException("pad2d: borders of " + before + " and " + after + " around " + extent
                    + " pixels are more than an extent can count; give smaller ones");
        }
    }

    static void requireImage(String op, Tensor x, long rows, long columns) {
        if (rows < 1 || columns < 1) {
            throw ShapeException.ofSize(op + ": x of shape " + x.shape() + " gives an image of " + rows + " x "
                    + columns + "; expected at least 1 x 1");
        }
    }
}
