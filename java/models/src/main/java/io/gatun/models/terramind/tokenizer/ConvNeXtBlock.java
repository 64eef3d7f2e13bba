// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Activation;
import io.gatun.core.BinaryOp;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.Linear;
import java.util.Optional;

/**
 * {@code x + gamma pwconv2(gelu(pwconv1(norm(dwconv(x)))))} (Liu et al. 2022). The depthwise convolution is one of all
 * channels with zeros between them: here there are few.
 *
 * @param dwconv [C, C, 7, 7], packed
 * @param dwconvBias [C] f32
 * @param norm over the channels
 * @param pwconv1 to 4 C
 * @param pwconv2 back, scaled by gamma
 */
record ConvNeXtBlock(Weights dwconv, Tensor dwconvBias, LayerNorm norm, Linear pwconv1, Linear pwconv2) {
    private static final int KERNEL = 7;

    static ConvNeXtBlock load(Scope scope, StateDict state, int channels) {
        float[] diagonal = new float[channels * channels];
        for (int i = 0; i < channels; i++) {
            diagonal[i * channels + i] = 1;
        }
        try (Tensor depth = state.takeTensor(scope, "dwconv.weight", channels, 1, KERNEL, KERNEL);
                Tensor own = scope.of(diagonal, channels, channels, 1, 1);
                Tensor dense = Kernels.binary(scope, BinaryOp.MULTIPLY, depth, own);
                Tensor gamma = state.takeTensor(scope, "gamma", channels); Tensor rows = gamma.unsqueeze(1);
                Tensor second = state.takeTensor(scope, "pwconv2.weight", channels, 4L * channels);
                Tensor secondBias = state.takeTensor(scope, "pwconv2.bias", channels);
                Tensor scaled = Kernels.binary(scope, BinaryOp.MULTIPLY, second, rows)) {
            return new ConvNeXtBlock(Kernels.conv2dWeights(scope, dense),
                    state.takeTensor(scope, "dwconv.bias", channels),
                    LayerNorm.load(scope, state.at("norm"), channels, TokenizerSize.EPS),
                    Linear.load(scope, state.at("pwconv1"), channels, 4L * channels),
                    new Linear(Kernels.linearWeights(scope, scaled),
                            Optional.of(Kernels.binary(scope, BinaryOp.MULTIPLY, secondBias, gamma))));
        }
    }

    /** [B, H, W, C] to the same. */
    Tensor apply(Scope scope, Tensor x) {
        try (Tensor near = Images.conv2d(
                        scope, x, dwconv, Optional.of(dwconvBias), KERNEL / 2, Activation.NONE);
                Tensor normal = norm.apply(scope, near); Tensor wide = pwconv1.applyGelu(scope, normal)) {
            return pwconv2.applyTo(scope, wide, x);
        }
    }
}
