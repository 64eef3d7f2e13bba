// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.CheckpointException;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.Arrays;

/**
 * A {@code torch.nn.Conv2d} and the {@code torch.nn.BatchNorm2d} behind it as one convolution: at inference the norm is a
 * scale and a shift of each output channel, which fold into weight and bias.
 *
 * @param weight [O, I, k, k]
 * @param bias [O]
 * @param inputs I
 * @param kernel k, odd
 */
public record FoldedConv2d(float[] weight, float[] bias, int inputs, int kernel) {
    private static final double BATCH_NORM_EPS = 1e-5;

    /**
     * Takes both from a checkpoint. The kernel size is read from the weight.
     *
     * @param conv parameters of the convolution: {@code weight} [O, I, k, k], k odd, and {@code bias}
     * @param norm parameters of the norm: {@code weight}, {@code bias}, {@code running_mean}, {@code running_var}
     * @param inputs I
     * @param outputs O
     * @return the folded convolution
     * @throws CheckpointException if the weight has another shape
     */
    public static FoldedConv2d take(StateDict conv, StateDict norm, int inputs, int outputs) {
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
        return new FoldedConv2d(weight, bias, inputs, kernel);
    }

    private static int kernelSize(StateDict conv) {
        long[] shape = conv.shapeOf("weight").map(s -> s.toArray()).orElse(new long[] {0, 0, 3, 3});
        if (shape.length != 4 || shape[2] != shape[3] || shape[2] % 2 == 0 || shape[2] > 15) {
            throw new CheckpointException("the convolution's weight has shape " + Arrays.toString(shape)
                    + "; expected [outputs, inputs, k, k] with an odd k, 1 or 3 in ClimaNet");
        }
        return (int) shape[2];
    }

    /**
     * The weight on a device.
     *
     * @param scope owns it
     * @return [O, I, k, k] f32
     */
    public Tensor weightTensor(Scope scope) {
        return scope.of(weight, bias.length, inputs, kernel, kernel);
    }

    /**
     * The bias on a device.
     *
     * @param scope owns it
     * @return [O] f32
     */
    public Tensor biasTensor(Scope scope) {
        return scope.of(bias, bias.length);
    }
}
