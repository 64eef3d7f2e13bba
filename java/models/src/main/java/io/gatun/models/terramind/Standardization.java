// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.core.BinaryOp;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.Optional;

/**
 * Standardisation by the statistics of pretraining, there and back.
 *
 * @param mean of each band, [C, 1, 1]
 * @param std standard deviation of each band, [C, 1, 1]
 */
public record Standardization(Tensor mean, Tensor std) {
    static Standardization load(Scope scope, Pretraining.Statistics statistics) {
        return new Standardization(bands(scope, statistics.mean()), bands(scope, statistics.std()));
    }

    /**
     * That of a modality.
     *
     * @param scope owns the numbers
     * @param all the statistics
     * @param key of pixels or of tokens
     * @param offset added to the means: one number for all bands, or one for each
     * @return none where the statistics have none of it, as those of pretraining of classes
     * @throws ArgumentException if there are other numbers of offsets and bands
     */
    public static Optional<Standardization> load(
            Scope scope, PretrainingStatistics all, String key, double... offset) {
        return all.of(key).map(statistics -> {
            double[] mean = statistics.mean();
            if (offset.length != 1 && offset.length != mean.length) {
                throw new ArgumentException("offset has " + offset.length + " numbers for " + key + ", expected one, or"
                        + " one for each of its " + mean.length + " bands");
            }
            for (int i = 0; i < mean.length; i++) {
                mean[i] += offset[offset.length == 1 ? 0 : i];
            }
            return load(scope, new Pretraining.Statistics(mean, statistics.std()));
        });
    }

    private static Tensor bands(Scope scope, double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return scope.of(floats, floats.length, 1, 1);
    }

    /**
     * {@code (image - mean) / std}.
     *
     * @param scope owns the result
     * @param image [B, C, H, W] f32
     * @return like it
     */
    public Tensor apply(Scope scope, Tensor image) {
        Tensor centred = Kernels.binary(scope, BinaryOp.SUBTRACT, image, mean);
        Kernels.binary(scope, BinaryOp.DIVIDE, centred, std, centred);
        return centred;
    }

    /**
     * {@code image * std + mean}.
     *
     * @param scope owns the result
     * @param image [B, C, H, W] f32
     * @return like it
     */
    public Tensor undo(Scope scope, Tensor image) {
        Tensor scaled = Kernels.binary(scope, BinaryOp.MULTIPLY, image, std);
        Kernels.add(scope, scaled, mean, scaled);
        return scaled;
    }
}
