// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Activation;
import io.gatun.core.DType;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.BatchNorm2d;
import io.gatun.models.layers.ChannelConcat;
import io.gatun.models.layers.Conv2d;
import java.util.Optional;

/**
 * One level of a U-Net: the coarser image enlarged (nearest) and beside it the skip connection, two 3x3 convolutions
 * with norm and ReLU, attention before and behind them.
 */
record UNetBlock(Layer conv1, Layer conv2, Optional<ScseAttention> attention1, Optional<ScseAttention> attention2) {
    /** A convolution, the norm that is not folded into it, and ReLU. */
    record Layer(Conv2d conv, Optional<PlaceNorm> norm) {
        static Layer load(Scope scope, StateDict state, UNetNorm norm, int inputs, int outputs) {
            StateDict conv = state.at("0");
            StateDict own = state.at("1");
            if (norm.kind() == UNetNorm.Kind.IDENTITY) {
                return new Layer(Conv2d.load(scope, conv, inputs, outputs, 3), Optional.empty());
            }
            if (norm.tracked()) {
                BatchNorm2d folded = norm.affine() ? BatchNorm2d.take(own, outputs, norm.eps())
                        : BatchNorm2d.takeStatistics(own, outputs, norm.eps());
                return new Layer(Conv2d.loadNormed(scope, conv, folded, inputs, outputs, 3, 1), Optional.empty());
            }
            // Without the bias that the norm would take away again.
            return new Layer(Conv2d.loadUnbiased(scope, conv, inputs, outputs, 3),
                    Optional.of(PlaceNorm.load(scope, own, norm, outputs)));
        }

        Tensor apply(Scope scope, Tensor image) {
            if (norm.isEmpty()) {
                return conv.apply(scope, image, Activation.RELU);
            }
            try (Tensor convolved = conv.apply(scope, image, Activation.NONE);
                    Tensor normed = norm.get().apply(scope, convolved)) {
                return Kernels.activate(scope, normed, Activation.RELU);
            }
        }
    }

    /** Of the mean and variance of each channel over the places of a sample, or of all samples together. */
    record PlaceNorm(Tensor weight, Tensor bias, double eps, boolean together) {
        static PlaceNorm load(Scope scope, StateDict state, UNetNorm norm, int channels) {
            return new PlaceNorm(
                    norm.affine() ? state.takeTensor(scope, "weight", channels) : scope.full(DType.F32, 1, channels),
                    norm.affine() ? state.takeTensor(scope, "bias", channels) : scope.zeros(channels), norm.eps(),
                    norm.kind() == UNetNorm.Kind.BATCHNORM);
        }

        Tensor apply(Scope scope, Tensor image) {
            long channels = image.dim(3);
            long samples = together ? 1 : image.dim(0);
            try (Tensor places = image.reshape(samples, -1, channels)) {
                if (places.dim(1) == 1) {
                    throw ShapeException.ofSize("UNetDecoder: the norm of an image of one pixel, " + image.shape()
                            + ", has no variance; give a larger image");
                }
                try (Tensor normed =
                        Kernels.groupNorm(scope, places, channels, weight, bias, eps, Activation.NONE)) {
                    return normed.reshape(image.shape().toArray());
                }
            }
        }
    }

    static UNetBlock load(Scope scope, StateDict state, UNetDecoder.Options options, int inputs, int skipped,
            int outputs) {
        Layer conv1 = Layer.load(scope, state.at("conv1"), options.norm(), inputs + skipped, outputs);
        Layer conv2 = Layer.load(scope, state.at("conv2"), options.norm(), outputs, outputs);
        if (!options.scse()) {
            return new UNetBlock(conv1, conv2, Optional.empty(), Optional.empty());
        }
        StateDict before = state.at("attention1.attention");
        if (skipped == 0) {
            ScseAttention.skip(before);
        }
        return new UNetBlock(conv1, conv2,
                skipped == 0 ? Optional.empty() : Optional.of(ScseAttention.load(scope, before, inputs + skipped)),
                Optional.of(ScseAttention.load(scope, state.at("attention2.attention"), outputs)));
    }

    /** x [B, H, W, I], closed; skip [B, rows, columns, S]; the result [B, rows, columns, O]. */
    Tensor apply(Scope scope, Tensor x, long rows, long columns, Optional<Tensor> skip) {
        Tensor joined = joined(scope, enlarged(scope, x, rows, columns), skip);
        try (Tensor seen = attention1.isPresent() ? attention1.get().apply(scope, joined) : joined;
                Tensor first = conv1.apply(scope, seen)) {
            Tensor second = conv2.apply(scope, first);
            return attention2.isPresent() ? attention2.get().apply(scope, second) : second;
        }
    }

    private static Tensor enlarged(Scope scope, Tensor x, long rows, long columns) {
        if (x.dim(1) == rows && x.dim(2) == columns) {
            return x;
        }
        try (x) {
            return Images.resize2d(scope, x, rows, columns, ResizeMode.NEAREST, false);
        }
    }

    private static Tensor joined(Scope scope, Tensor x, Optional<Tensor> skip) {
        if (skip.isEmpty()) {
            return x;
        }
        try (x) {
            ChannelConcat both =
                    new ChannelConcat(scope, x.dim(0), x.dim(1), x.dim(2), x.dim(3) + skip.get().dim(3));
            both.add(x);
            both.add(skip.get());
            return both.image();
        }
    }
}
