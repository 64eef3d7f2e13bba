// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TensorViewTest {
    /** Element values are their index in [2, 3, 4]. */
    private static Tensor counting(Scope scope) {
        float[] values = new float[24];
        for (int i = 0; i < 24; i++) {
            values[i] = i;
        }
        return scope.of(values, 2, 3, 4);
    }

    @Test
    void permuteReordersAxes() {
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor view = counting(scope).permute(2, 0, -2);
            assertEquals(Shape.of(4, 2, 3), view.shape());
            assertArrayEquals(new long[] {1, 12, 4}, view.strides());
            assertFalse(view.isDense());
            float[] values = view.toFloatArray();
            for (int i = 0; i < 24; i++) {
                assertEquals(i / 6 + i / 3 % 2 * 12 + i % 3 * 4, values[i]);
            }
        }
    }

    @Test
    void sliceOfOuterAxisStaysDense() {
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor outer = counting(scope).slice(0, 1, 2);
            assertTrue(outer.isDense());
            assertEquals(12, outer.toFloatArray()[0]);
            Tensor inner = counting(scope).slice(-1, 1, 3);
            assertFalse(inner.isDense());
            assertArrayEquals(new float[] {1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22}, inner.toFloatArray());
        }
    }

    @Test
    void expandRepeatsWithoutCopying() {
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor view = scope.of(new float[] {1, 2}, 2, 1).expand(3, -1, 2);
            assertArrayEquals(new long[] {0, 1, 0}, view.strides());
            assertArrayEquals(new float[] {1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2}, view.toFloatArray());
        }
    }

    @Test
    void reshapeInfersOneExtent() {
        try (Scope scope = Scope.open(Device.cpu())) {
            assertEquals(Shape.of(6, 4), counting(scope).reshape(-1, 4).shape());
            assertEquals(Shape.of(2, 1, 3, 4), counting(scope).unsqueeze(1).shape());
            assertEquals(Shape.of(2, 3, 4, 1), counting(scope).unsqueeze(-1).shape());
            assertEquals(Shape.of(), scope.scalar(3).shape());
            assertEquals(3, scope.scalar(3).reshape(1, 1).toFloatArray()[0]);
        }
    }

    @Test
    void emptyTensorsWork() {
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor none = scope.zeros(0, 5);
            assertTrue(none.isDense());
            assertEquals(0, Kernels.copy(scope, none.permute(1, 0)).toFloatArray().length);
            assertEquals(Shape.of(5, 0), none.reshape(5, 0).shape());
        }
    }

    @Test
    void viewsThatCannotBeAreRefused() {
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor x = counting(scope);
            assertThrows(ShapeException.class, () -> x.reshape(5, 5));
            assertThrows(ShapeException.class, () -> x.reshape(-1, -1));
            assertThrows(ShapeException.class, () -> x.reshape(-1, 5));
            assertThrows(ShapeException.class, () -> x.permute(2, 1, 0).reshape(24));
            assertThrows(ShapeException.class, () -> x.permute(0, 1));
            assertThrows(ShapeException.class, () -> x.permute(0, 1, 1));
            assertThrows(ShapeException.class, () -> x.permute(0, 1, 3));
            assertThrows(ShapeException.class, () -> x.slice(0, 1, 3));
            assertThrows(ShapeException.class, () -> x.slice(0, -1, 1));
            assertThrows(ShapeException.class, () -> x.slice(3, 0, 1));
            assertThrows(ShapeException.class, () -> x.expand(2, 3, 8));
            assertThrows(ShapeException.class, () -> x.expand(3, 4));
            assertThrows(ShapeException.class, () -> x.expand(-1, 2, 3, 4));
            assertThrows(ShapeException.class, () -> x.unsqueeze(5));
        }
    }

    /** A random chain of views must read the same as the same chain on plain index arithmetic. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void chainsOfViewsMatchPlainIndexing(long seed) {
        Random random = new Random(seed);
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor tensor = counting(scope);
            float[] plain = tensor.toFloatArray();
            int[] shape = {2, 3, 4};
            for (int step = 0; step < 4; step++) {
                int axis = random.nextInt(3);
                if (random.nextBoolean()) {
                    int to = 1 + random.nextInt(shape[axis]);
                    int from = random.nextInt(to);
                    plain = slice(plain, shape, axis, from, to);
                    shape[axis] = to - from;
                    tensor = tensor.slice(axis, from, to);
                } else {
                    plain = swapOuter(plain, shape);
                    shape = new int[] {shape[1], shape[0], shape[2]};
                    tensor = tensor.permute(1, 0, 2);
                }
                assertArrayEquals(plain, tensor.toFloatArray(), "seed " + seed + " step " + step);
            }
        }
    }

    private static float[] slice(float[] values, int[] s, int axis, int from, int to) {
        int[] size = s.clone();
        size[axis] = to - from;
        float[] out = new float[size[0] * size[1] * size[2]];
        for (int i = 0; i < out.length; i++) {
            int[] at = {i / (size[1] * size[2]), i / size[2] % size[1], i % size[2]};
            at[axis] += from;
            out[i] = values[(at[0] * s[1] + at[1]) * s[2] + at[2]];
        }
        return out;
    }

    private static float[] swapOuter(float[] values, int[] s) {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[(i / s[2] % s[0] * s[1] + i / s[2] / s[0]) * s[2] + i % s[2]];
        }
        return out;
    }
}
