// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Activation;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.Optional;

/**
 * A 3x3 {@code torch.nn.Conv2d} from C to 4 C channels, {@code torch.nn.PixelShuffle(2)}, batch norm and an activation
 * on channels-last images. Norm and activation are those of single values, so they go before the shuffle, into the
 * convolution; its output channels are arranged so that the shuffle moves runs of C.
 *
 * @param conv C to (row, column, channel) of the enlarged image
 * @param channels C
 */
public record PixelShuffleConv2d(Conv2d conv, int channels) {
    /**
     * Takes {@code weight} [4 channels, channels, 3, 3] and {@code bias} [4 channels].
     *
     * @param scope owns the parameters
     * @param state parameters of the convolution
     * @param norm the norm behind the shuffle
     * @param channels C
     * @return the layer
     */
    public static PixelShuffleConv2d load(Scope scope, StateDict state, Optional<BatchNorm2d> norm, int channels) {
        long wide = 4L * channels;
        Tensor weight = state.takeTensor(scope, "weight", wide, channels, 3, 3);
        Tensor bias;
        if (norm.isPresent()) {
            BatchNorm2d repeated = norm.get().repeated(4);
            weight = repeated.fold(scope, weight, 0);
            bias = repeated.fold(scope, state.takeFloats("bias", wide));
        } else {
            bias = state.takeTensor(scope, "bias", wide);
        }
        return new PixelShuffleConv2d(
                Conv2d.pack(scope, channelsInside(scope, weight), channelsInside(scope, bias), 1), channels);
    }

    /** PyTorch has (channel, row, column) along the first axis. */
    private static Tensor channelsInside(Scope scope, Tensor parameter) {
        long[] shape = parameter.shape().toArray();
        try (parameter;
                Tensor parts = parameter.reshape(shape[0] / 4, 4, -1);
                Tensor turned = parts.permute(1, 0, 2);
                Tensor copied = Kernels.copy(scope, turned)) {
            return copied.reshape(shape);
        }
    }

    /**
     * {@code activation(norm(shuffle(conv(x))))}.
     *
     * @param scope owns the result
     * @param x [B, H, W, C] f32
     * @param activation NONE, GELU or RELU
     * @return [B, 2 H, 2 W, C] f32
     */
    public Tensor apply(Scope scope, Tensor x, Activation activation) {
        try (Tensor wide = conv.apply(scope, x, activation);
                Tensor parts = wide.reshape(x.dim(0) * x.dim(1), x.dim(2), 2, 2, channels);
                Tensor rows = parts.permute(0, 2, 1, 3, 4);
                Tensor shuffled = Kernels.copy(scope, rows)) {
            return shuffled.reshape(x.dim(0), 2 * x.dim(1), 2 * x.dim(2), channels);
        }
    }
}
