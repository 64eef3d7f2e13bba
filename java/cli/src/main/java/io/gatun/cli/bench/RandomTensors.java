// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** Tensors of random values, the same ones in each run. */
public final class RandomTensors {
    private final SplittableRandom random = new SplittableRandom(20260227);

    /** Normally distributed values. */
    public TensorData normal(double mean, double deviation, long... shape) {
        float[] values = new float[elements(shape)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian(mean, deviation);
        }
        return new TensorData(DType.F32, Shape.of(shape), MemorySegment.ofArray(values));
    }

    /** Values of a spread that keeps sums over all axes but the first near 1, as in a trained layer. */
    public TensorData weight(long... shape) {
        return normal(0, Math.sqrt((double) shape[0] / elements(shape)), shape);
    }

    /** Positive values, such as variances. */
    public TensorData positive(long... shape) {
        float[] values = new float[elements(shape)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(0.5, 1.5);
        }
        return new TensorData(DType.F32, Shape.of(shape), MemorySegment.ofArray(values));
    }

    /** Booleans of which about a share is true. */
    public TensorData flags(double share, long... shape) {
        byte[] values = new byte[elements(shape)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) (random.nextDouble() < share ? 1 : 0);
        }
        return new TensorData(DType.BOOL, Shape.of(shape), MemorySegment.ofArray(values));
    }

    private static int elements(long... shape) {
        return Math.toIntExact(Shape.of(shape).numElements());
    }
}
