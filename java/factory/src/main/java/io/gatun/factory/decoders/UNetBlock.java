// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Activation;
import io.gatun.core.DType;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
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
    record Layer(Conv2d conv, Optional<InstanceNorm> norm) {
        static Layer load(Scope scope, StateDict state, UNetNorm norm, int inputs, int outputs) {
            return switch (norm.kind()) {
                case BATCHNORM -> new Layer(Conv2d.loadNormed(scope, state.at("0"),
                        BatchNorm2d.take(state.at("1"), outputs, norm.eps()), inputs, outputs, 3, 1), Optional.empty());
                case IDENTITY -> new Layer(Conv2d.load(scope, state.at("0"), inputs, outputs, 3), Optional.empty());
                // Without the bias that the norm would take away again.
                case INSTANCENORM -> new Layer(Conv2d.loadUnbiased(scope, state.at("0"), inputs, outputs, 3),
                        Optional.of(new InstanceNorm(scope.full(DType.F32, 1, outputs),
                                scope.zeros(outputs), norm.eps())));
            };
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

    /** Each channel of each sample is a group of its own. */
    record InstanceNorm(Tensor weight, Tensor bias, double eps) {
        Tensor apply(Scope scope, Tensor image) {
            return Kernels.groupNorm(scope, image, image.dim(3), weight, bias, eps, Activation.NONE);
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
