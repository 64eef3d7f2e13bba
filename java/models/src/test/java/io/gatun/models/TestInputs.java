// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.GatunException;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.SplittableRandom;

/** Inputs of tests, and their refusals. */
public final class TestInputs {
    private TestInputs() {}

    /** Random values of -1 to 1. */
    public static Tensor pixels(Scope scope, int seed, long... shape) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[(int) Shape.of(shape).numElements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return scope.of(values, shape);
    }

    /** Of names and tensors in turn. */
    public static Input input(Object... namesAndTensors) {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTensors.length; i += 2) {
            tensors.put((String) namesAndTensors[i], (Tensor) namesAndTensors[i + 1]);
        }
        return Input.of(tensors);
    }

    public static void refuses(Class<? extends GatunException> type, Runnable call, String... says) {
        String text = assertThrows(type, call::run).getMessage();
        for (String each : says) {
            assertTrue(text.contains(each), text);
        }
    }
}
