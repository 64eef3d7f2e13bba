// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.Checkpoint;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** Maps [B, C, H, W] in double precision and the operations on them, written from their definitions. */
record ReferenceMap(int batch, int channels, int rows, int columns, double[] values) {
    interface Cell {
        double at(int b, int c, int y, int x);
    }

    static ReferenceMap of(int batch, int channels, int rows, int columns, Cell cell) {
        double[] values = new double[batch * channels * rows * columns];
        int i = 0;
        for (int b = 0; b < batch; b++) {
            for (int c = 0; c < channels; c++) {
                for (int y = 0; y < rows; y++) {
                    for (int x = 0; x < columns; x++) {
                        values[i++] = cell.at(b, c, y, x);
                    }
                }
            }
        }
        return new ReferenceMap(batch, channels, rows, columns, values);
    }

    static ReferenceMap random(SplittableRandom random, int batch, int channels, int rows, int columns) {
        return of(batch, channels, rows, columns, (_, _, _, _) -> (float) (random.nextDouble() * 2 - 1));
    }

    static double[] weight(Checkpoint weights, String name) {
        TensorData data = weights.tensors().get(name);
        return IntStream.range(0, (int) data.shape().numElements())
                .mapToDouble(i -> data.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i)).toArray();
    }

    double at(int b, int c, int y, int x) {
        return values[((b * channels + c) * rows + y) * columns + x];
    }

    Tensor on(Scope scope) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return scope.of(floats, batch, channels, rows, columns);
    }

    /** "Same" padding; bias only where the checkpoint has one. */
    ReferenceMap conv(Checkpoint weights, String name, int dilation) {
        Shape shape = weights.tensors().get(name + ".weight").shape();
        double[] w = weight(weights, name + ".weight");
        int kernel = (int) shape.dim(2);
        double[] bias = weights.tensors().containsKey(name + ".bias") ? weight(weights, name + ".bias")
                : new double[(int) shape.dim(0)];
        int reach = dilation * (kernel - 1) / 2;
        return of(batch, (int) shape.dim(0), rows, columns, (b, o, y, x) -> {
            double sum = bias[o];
            for (int i = 0; i < channels; i++) {
                for (int ky = 0; ky < kernel; ky++) {
                    for (int kx = 0; kx < kernel; kx++) {
                        int fromY = y + ky * dilation - reach;
                        int fromX = x + kx * dilation - reach;
                        if (fromY >= 0 && fromY < rows && fromX >= 0 && fromX < columns) {
                            sum += w[((o * channels + i) * kernel + ky) * kernel + kx] * at(b, i, fromY, fromX);
                        }
                    }
                }
            }
            return sum;
        });
    }

    /** Scale and shift only where the checkpoint has them. */
    ReferenceMap affine(Checkpoint weights, String name) {
        if (!weights.tensors().containsKey(name + ".weight")) {
            return this;
        }
        double[] gamma = weight(weights, name + ".weight");
        double[] beta = weight(weights, name + ".bias");
        return of(batch, channels, rows, columns, (b, c, y, x) -> at(b, c, y, x) * gamma[c] + beta[c]);
    }

    ReferenceMap batchNorm(Checkpoint weights, String name) {
        double[] mean = weight(weights, name + ".running_mean");
        double[] variance = weight(weights, name + ".running_var");
        return of(batch, channels, rows, columns,
                (b, c, y, x) -> (at(b, c, y, x) - mean[c]) / Math.sqrt(variance[c] + 1e-5)).affine(weights, name);
    }

    ReferenceMap instanceNorm(double eps) {
        ReferenceMap mean = mean();
        ReferenceMap centred = of(batch, channels, rows, columns,
                (b, c, y, x) -> at(b, c, y, x) - mean.at(b, c, 0, 0));
        ReferenceMap variance = centred.each(v -> v * v).mean();
        return of(batch, channels, rows, columns,
                (b, c, y, x) -> centred.at(b, c, y, x) / Math.sqrt(variance.at(b, c, 0, 0) + eps));
    }

    ReferenceMap each(DoubleUnaryOperator change) {
        return of(batch, channels, rows, columns, (b, c, y, x) -> change.applyAsDouble(at(b, c, y, x)));
    }

    ReferenceMap relu() {
        return each(v -> Math.max(v, 0));
    }

    ReferenceMap plus(ReferenceMap other) {
        return of(batch, channels, rows, columns, (b, c, y, x) -> at(b, c, y, x) + other.at(b, c, y, x));
    }

    ReferenceMap beside(ReferenceMap other) {
        return of(batch, channels + other.channels, rows, columns,
                (b, c, y, x) -> c < channels ? at(b, c, y, x) : other.at(b, c - channels, y, x));
    }

    ReferenceMap nearest(int toRows, int toColumns) {
        return of(batch, channels, toRows, toColumns,
                (b, c, y, x) -> at(b, c, y * rows / toRows, x * columns / toColumns));
    }

    /** Without aligned corners. */
    ReferenceMap bilinear(int toRows, int toColumns) {
        return of(batch, channels, toRows, toColumns, (b, c, y, x) -> {
            double sy = Math.max(0, (y + 0.5) * rows / toRows - 0.5);
            double sx = Math.max(0, (x + 0.5) * columns / toColumns - 0.5);
            int y0 = (int) sy;
            int x0 = (int) sx;
            int y1 = Math.min(y0 + 1, rows - 1);
            int x1 = Math.min(x0 + 1, columns - 1);
            double top = at(b, c, y0, x0) * (1 - (sx - x0)) + at(b, c, y0, x1) * (sx - x0);
            double bottom = at(b, c, y1, x0) * (1 - (sx - x0)) + at(b, c, y1, x1) * (sx - x0);
            return top * (1 - (sy - y0)) + bottom * (sy - y0);
        });
    }

    ReferenceMap mean() {
        return of(batch, channels, 1, 1, (b, c, _, _) -> {
            double sum = 0;
            for (int y = 0; y < rows; y++) {
                for (int x = 0; x < columns; x++) {
                    sum += at(b, c, y, x);
                }
            }
            return sum / (rows * columns);
        });
    }

    void assertClose(Tensor actual) {
        assertEquals(Shape.of(batch, channels, rows, columns), actual.shape());
        float[] floats = actual.toFloatArray();
        double[] doubles = IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray();
        assertArrayEquals(values, doubles, 2e-5);
    }
}
