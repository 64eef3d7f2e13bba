// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import java.util.Optional;

/**
 * {@code torch.nn.ConvTranspose2d} whose kernel is its stride, on channels-last images: each pixel becomes a square of
 * {@code size x size}.
 *
 * @param weight [I, O, size, size], packed
 * @param bias [O] f32
 */
public record ConvTranspose2d(Weights weight, Tensor bias) {
    /**
     * Takes {@code weight} [inputs, outputs, size, size] and {@code bias} [outputs].
     *
     * @param scope owns the parameters
     * @param state parameters of the layer
     * @param inputs I
     * @param outputs O
     * @param size kernel and stride
     * @return the layer
     */
    public static ConvTranspose2d load(Scope scope, StateDict state, long inputs, long outputs, int size) {
        return pack(scope, state.takeTensor(scope, "weight", inputs, outputs, size, size),
                state.takeTensor(scope, "bias", outputs));
    }

    /**
     * The same with the norm behind it folded in.
     *
     * @param scope owns the parameters
     * @param state parameters of the layer
     * @param norm the norm
     * @param inputs I
     * @param outputs O
     * @param size kernel and stride
     * @return the layer
     */
    public static ConvTranspose2d loadNormed(
            Scope scope, StateDict state, BatchNorm2d norm, long inputs, long outputs, int size) {
        return pack(scope, norm.fold(scope, state.takeTensor(scope, "weight", inputs, outputs, size, size), 1),
                norm.fold(scope, state.takeFloats("bias", outputs)));
    }

    private static ConvTranspose2d pack(Scope scope, Tensor weight, Tensor bias) {
        try (weight) {
            return new ConvTranspose2d(
                    Kernels.convTranspose2dWeights(scope, weight, weight.dim(2), weight.dim(3), 0, 0), bias);
        }
    }

    /**
     * Enlarges an image.
     *
     * @param scope owns the result
     * @param x [B, H, W, I] f32
     * @return [B, size H, size W, O] f32
     */
    public Tensor apply(Scope scope, Tensor x) {
        return Images.convTranspose2d(scope, x, weight, Optional.of(bias), 0, 0);
    }
}
