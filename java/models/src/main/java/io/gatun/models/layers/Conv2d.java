// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Activation;
import io.gatun.core.CheckpointException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
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
     * A convolution and the {@code torch.nn.BatchNorm2d} behind it as one: at inference the norm is a scale and a shift
     * of each output channel, which fold into weight and bias. The kernel size is read from the weight.
     *
     * @param scope owns the parameters
     * @param conv parameters of the convolution: {@code weight} [O, I, k, k], k odd, and {@code bias}
     * @param norm parameters of the norm: {@code weight}, {@code bias}, {@code running_mean}, {@code running_var}
     * @param inputs I
     * @param outputs O
     * @return the folded layer
     */
    public static Conv2d loadFolded(Scope scope, StateDict conv, StateDict norm, int inputs, int outputs) {
        int kernel = kernelSize(conv);
        float[] weight = conv.takeFloats("weight", outputs, inputs, kernel, kernel);
        float[] bias = conv.takeFloats("bias", outputs);
        float[] gamma = norm.takeFloats("weight", outputs);
        float[] beta = norm.takeFloats("bias", outputs);
        float[] mean = norm.takeFloats("running_mean", outputs);
        float[] variance = norm.takeFloats("running_var", outputs);
        norm.skip("num_batches_tracked");
        int inner = inputs * kernel * kernel;
        for (int o = 0; o < outputs; o++) {
            double scale = gamma[o] / Math.sqrt(variance[o] + BATCH_NORM_EPS);
            for (int i = 0; i < inner; i++) {
                weight[o * inner + i] = (float) (weight[o * inner + i] * scale);
            }
            bias[o] = (float) ((bias[o] - (double) mean[o]) * scale + beta[o]);
        }
        Weights packed = Kernels.conv2dWeights(scope, scope.of(weight, outputs, inputs, kernel, kernel));
        return new Conv2d(packed, scope.of(bias, outputs), kernel / 2);
    }

    private static final double BATCH_NORM_EPS = 1e-5;

    private static int kernelSize(StateDict conv) {
        long[] shape = conv.shapeOf("weight").map(s -> s.toArray()).orElse(new long[] {0, 0, 3, 3});
        if (shape.length != 4 || shape[2] != shape[3] || shape[2] % 2 == 0 || shape[2] > 15) {
            throw new CheckpointException("the convolution's weight has shape " + java.util.Arrays.toString(shape)
                    + "; expected [outputs, inputs, k, k] with an odd k, 1 or 3 in ClimaNet");
        }
        return (int) shape[2];
    }

    /**
     * {@code gelu(conv(x))}.
     *
     * @param scope owns the result
     * @param x [B, H, W, I] f32
     * @return [B, H, W, O] f32
     */
    public Tensor applyGelu(Scope scope, Tensor x) {
        return Kernels.conv2d(scope, x, weight, Optional.of(bias), padding, Activation.GELU);
    }
}
