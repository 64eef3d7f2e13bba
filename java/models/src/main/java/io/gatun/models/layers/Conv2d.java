// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Activation;
import io.gatun.core.Conv2dGeometry;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import java.util.Optional;

/**
 * {@code torch.nn.Conv2d} with "same" padding, of stride 1 unless said otherwise, on channels-last images, with the
 * batch norm and the activation behind it in one pass. A 1x1 convolution is a linear layer there, and computed as one.
 *
 * @param weight [O, I, k, k], packed; [O, I] where k is 1
 * @param bias [O] f32
 * @param geometry stride, dilation, and the padding that keeps the size where the stride is 1
 */
public record Conv2d(Weights weight, Tensor bias, Conv2dGeometry geometry) {
    /**
     * Takes {@code weight} [outputs, inputs, kernel, kernel] and {@code bias} [outputs].
     *
     * @param scope owns the parameters
     * @param state parameters of the convolution
     * @param inputs I
     * @param outputs O
     * @param kernel k, odd
     * @return the layer
     */
    public static Conv2d load(Scope scope, StateDict state, long inputs, long outputs, int kernel) {
        return pack(scope, state.takeTensor(scope, "weight", outputs, inputs, kernel, kernel),
                state.takeTensor(scope, "bias", outputs), 1);
    }

    /**
     * Takes {@code weight} [channels, channels, 3, 3] and {@code bias} [channels] of a convolution that halves an
     * image: stride 2, padding 1.
     *
     * @param scope owns the parameters
     * @param state parameters of the convolution
     * @param channels I and O
     * @return the layer
     */
    public static Conv2d loadHalving(Scope scope, StateDict state, long channels) {
        Conv2d same = load(scope, state, channels, channels, 3);
        return new Conv2d(same.weight, same.bias, new Conv2dGeometry(2, 2, 1, 1, 1, 1));
    }

    /**
     * Takes {@code weight} [outputs, inputs, kernel, kernel] of a convolution without bias.
     *
     * @param scope owns the parameters
     * @param state parameters of the convolution
     * @param inputs I
     * @param outputs O
     * @param kernel k, odd
     * @return the layer, with a bias of zeros
     */
    public static Conv2d loadUnbiased(Scope scope, StateDict state, long inputs, long outputs, int kernel) {
        return pack(scope, state.takeTensor(scope, "weight", outputs, inputs, kernel, kernel), scope.zeros(outputs), 1);
    }

    /**
     * Takes {@code weight} [outputs, inputs, kernel, kernel] of a convolution without bias, and folds the norm behind
     * it in.
     *
     * @param scope owns the parameters
     * @param state parameters of the convolution
     * @param norm the norm
     * @param inputs I
     * @param outputs O
     * @param kernel k, odd
     * @param dilation pixels from one cell of the kernel to the next
     * @return the layer
     */
    public static Conv2d loadNormed(
            Scope scope, StateDict state, BatchNorm2d norm, long inputs, int outputs, int kernel, int dilation) {
        Tensor weight = state.takeTensor(scope, "weight", outputs, inputs, kernel, kernel);
        return pack(scope, norm.fold(scope, weight, 0), norm.fold(scope, new float[outputs]), dilation);
    }

    /**
     * Packs a folded convolution.
     *
     * @param scope owns the parameters
     * @param folded weight and bias; its weight is closed
     * @return the layer
     */
    public static Conv2d of(Scope scope, FoldedConv2d folded) {
        return pack(scope, folded.weight(), folded.bias(), 1);
    }

    /** Takes over the weight [O, I, k, k] and the bias [O]. */
    static Conv2d pack(Scope scope, Tensor weight, Tensor bias, int dilation) {
        int kernel = (int) weight.dim(2);
        int padding = dilation * (kernel - 1) / 2;
        Conv2dGeometry geometry = new Conv2dGeometry(1, 1, padding, padding, dilation, dilation);
        try (weight) {
            if (kernel > 1) {
                return new Conv2d(Kernels.conv2dWeights(scope, weight), bias, geometry);
            }
            try (Tensor matrix = weight.reshape(weight.dim(0), weight.dim(1))) {
                return new Conv2d(Kernels.linearWeights(scope, matrix), bias, geometry);
            }
        }
    }

    /**
     * The same convolution with another bias.
     *
     * @param other [O] f32
     * @return the layer, which shares the weight
     */
    public Conv2d withBias(Tensor other) {
        return new Conv2d(weight, other, geometry);
    }

    /**
     * {@code activation(conv(x))}, in one pass for the activations that products take.
     *
     * @param scope owns the result
     * @param x [B, H, W, I] f32
     * @param activation any
     * @return [B, H, W, O] f32
     */
    public Tensor apply(Scope scope, Tensor x, Activation activation) {
        if (!activation.inProducts()) {
            try (Tensor product = apply(scope, x, Activation.NONE)) {
                return Kernels.activate(scope, product, activation);
            }
        }
        return weight.kind() == Weights.Kind.LINEAR
                ? Kernels.linear(scope, x, weight, Optional.of(bias), activation, Optional.empty())
                : Images.conv2d(scope, x, weight, Optional.of(bias), geometry, activation);
    }

    /**
     * {@code activation(conv(x)) + residual}, for a 1x1 convolution.
     *
     * @param scope owns the result
     * @param x [B, H, W, I] f32
     * @param activation NONE, GELU or RELU
     * @param residual [B, H, W, O] f32
     * @return [B, H, W, O] f32
     */
    public Tensor applyTo(Scope scope, Tensor x, Activation activation, Tensor residual) {
        return Kernels.linear(scope, x, weight, Optional.of(bias), activation, Optional.of(residual));
    }

    /**
     * {@code gelu(conv(x))}.
     *
     * @param scope owns the result
     * @param x [B, H, W, I] f32
     * @return [B, H, W, O] f32
     */
    public Tensor applyGelu(Scope scope, Tensor x) {
        return apply(scope, x, Activation.GELU);
    }
}
