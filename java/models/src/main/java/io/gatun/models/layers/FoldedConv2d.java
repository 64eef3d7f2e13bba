// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.CheckpointException;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.Arrays;

/**
 * A {@code torch.nn.Conv2d} and the {@code torch.nn.BatchNorm2d} behind it as one convolution: at inference the norm is
 * a scale and a shift of each output channel, which fold into weight and bias.
 *
 * @param weight [O, I, k, k] f32
 * @param bias [O] f32
 */
public record FoldedConv2d(Tensor weight, Tensor bias) {
    /**
     * Takes both from a checkpoint. The kernel size is read from the weight.
     *
     * @param scope owns the parameters
     * @param conv parameters of the convolution: {@code weight} [O, I, k, k], k odd, and {@code bias}
     * @param norm parameters of the norm: {@code weight}, {@code bias}, {@code running_mean}, {@code running_var}
     * @param inputs I
     * @param outputs O
     * @return the folded convolution
     * @throws CheckpointException if the weight has another shape
     */
    public static FoldedConv2d take(Scope scope, StateDict conv, StateDict norm, int inputs, int outputs) {
        int kernel = kernelSize(conv);
        BatchNorm2d folded = BatchNorm2d.take(norm, outputs);
        return new FoldedConv2d(
                folded.fold(scope, conv.takeTensor(scope, "weight", outputs, inputs, kernel, kernel), 0),
                folded.fold(scope, conv.takeFloats("bias", outputs)));
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
     * Rows and columns of the kernel.
     *
     * @return k
     */
    public int kernel() {
        return (int) weight.dim(2);
    }
}
