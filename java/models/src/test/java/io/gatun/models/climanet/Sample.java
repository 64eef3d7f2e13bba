// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A call of the model as plain arrays.
 *
 * @param shape B, C, M, T, H, W
 * @param data of that shape
 * @param missing of that shape
 * @param land [B, H, W]
 * @param padded [B, M, T]
 * @param months calendar months, or none
 */
record Sample(int[] shape, float[] data, boolean[] missing, Optional<boolean[]> land, Optional<boolean[]> padded,
        List<Integer> months) {
    /** Four of ten cells missing, two of ten land, three of ten days padded but never all of a month. */
    static Sample random(long seed, int... shape) {
        Random random = new Random(seed);
        int size = 1;
        for (int extent : shape) {
            size *= extent;
        }
        float[] data = new float[size];
        boolean[] missing = new boolean[size];
        for (int i = 0; i < size; i++) {
            missing[i] = random.nextInt(10) < 4;
            data[i] = missing[i] ? 0 : (float) random.nextGaussian();
        }
        boolean[] land = new boolean[shape[0] * shape[4] * shape[5]];
        for (int i = 0; i < land.length; i++) {
            land[i] = random.nextInt(10) < 2;
        }
        boolean[] padded = new boolean[shape[0] * shape[2] * shape[3]];
        for (int i = 0; i < padded.length; i++) {
            padded[i] = random.nextInt(10) < 3 && i % shape[3] != 0;
        }
        return new Sample(shape, data, missing, Optional.of(land), Optional.of(padded), List.of());
    }

    Sample withData(float[] other) {
        return new Sample(shape, other, missing, land, padded, months);
    }

    Sample withMissing(boolean[] other) {
        return new Sample(shape, data, other, land, padded, months);
    }

    Sample withPadded(boolean... other) {
        return new Sample(shape, data, missing, land, Optional.of(other), months);
    }

    Sample withMonths(Integer... calendar) {
        return new Sample(shape, data, missing, land, padded, List.of(calendar));
    }

    /** One of the samples of the batch as a batch of its own. */
    Sample only(int b) {
        int[] one = shape.clone();
        one[0] = 1;
        return new Sample(one, slice(data, b), slice(missing, b), land.map(l -> slice(l, b)),
                padded.map(p -> slice(p, b)), months);
    }

    private float[] slice(float[] values, int b) {
        int part = values.length / shape[0];
        return Arrays.copyOfRange(values, b * part, (b + 1) * part);
    }

    private boolean[] slice(boolean[] values, int b) {
        int part = values.length / shape[0];
        return Arrays.copyOfRange(values, b * part, (b + 1) * part);
    }

    long[] longShape() {
        return Arrays.stream(shape).asLongStream().toArray();
    }

    /** The model's answer, [B, M, H, W]. */
    float[] run(SpatioTemporalModel model) {
        return run(model, MonthlyInput.AllPadded.ERROR);
    }

    float[] run(SpatioTemporalModel model, MonthlyInput.AllPadded rule) {
        try (Scope scope = Scope.open(model.device())) {
            MonthlyInput input = MonthlyInput.none().withMonths(months).withAllPadded(rule);
            if (land.isPresent()) {
                input = input.withLandMask(scope.ofBooleans(land.get(), shape[0], shape[4], shape[5]));
            }
            if (padded.isPresent()) {
                input = input.withPaddedDays(new PaddedDays(shape[0], shape[2], shape[3], padded.get()));
            }
            return model.forward(scope, scope.of(data, longShape()), scope.ofBooleans(missing, longShape()), input)
                    .toFloatArray();
        }
    }
}
