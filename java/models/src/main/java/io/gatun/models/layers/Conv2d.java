// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Activation;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import java.util.Optional;

/**
 * {@code torch.nn.Conv2d} with stride 1 and "same" padding on channels-last images.
 *
 * @param weight [O, I, k, k], packed
 * @param bias [O] f32
 * @param padding (k - 1) / 2
 */
public record Conv2d(Weights weight, Tensor bias, int padding) {
    /**
     * Packs a convolution.
     *
     * @param scope owns the parameters
     * @param folded weight and bias
     * @return the layer
     */
    public static Conv2d of(Scope scope, FoldedConv2d folded) {
        return new Conv2d(Kernels.conv2dWeights(scope, folded.weightTensor(scope)), folded.biasTensor(scope),
                folded.kernel() / 2);
    }

    /**
     * {@code gelu(conv(x))}.
     *
     * @param scope owns the result
     * @param x [B, H, W, I] f32
     * @return [B, H, W, O] f32
     */
    public Tensor applyGelu(Scope scope, Tensor x) {
        return Images.conv2d(scope, x, weight, Optional.of(bias), padding, Activation.GELU);
    }
}
