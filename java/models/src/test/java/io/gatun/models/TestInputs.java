// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.DType;
import io.gatun.core.GatunException;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
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

    /** Weights, some of them in the place of others. */
    public static Checkpoint with(Checkpoint weights, String name, float[] values, long... shape) {
        Map<String, TensorData> tensors = new LinkedHashMap<>(weights.tensors());
        tensors.put(name, new TensorData(DType.F32, Shape.of(shape), MemorySegment.ofArray(values)));
        return new Checkpoint("changed", "", tensors, Map.of());
    }

    /** Weights whose blocks add nothing: what comes last is the norm of what comes first. */
    public static Checkpoint withoutBlocks(Checkpoint weights) {
        Checkpoint changed = weights;
        for (Map.Entry<String, TensorData> each : weights.tensors().entrySet()) {
            if (each.getKey().contains(".attn.proj.") || each.getKey().contains(".mlp.fc2.")) {
                Shape shape = each.getValue().shape();
                changed = with(changed, each.getKey(), new float[(int) shape.numElements()], shape.toArray());
            }
        }
        return changed;
    }

    /** (x - mean) / sqrt(variance + eps) weight + bias of each token [1, N, E]. */
    public static void isNorm(Tensor x, StateDict norm, double eps, Tensor actual) {
        int width = (int) x.dim(2);
        float[] weight = norm.takeFloats("weight", width);
        float[] bias = norm.takeFloats("bias", width);
        float[] from = x.toFloatArray();
        float[] found = actual.toFloatArray();
        for (int row = 0; row < from.length; row += width) {
            double mean = 0;
            double squares = 0;
            for (int i = 0; i < width; i++) {
                mean += from[row + i] / width;
                squares += (double) from[row + i] * from[row + i] / width;
            }
            double root = Math.sqrt(squares - mean * mean + eps);
            for (int i = 0; i < width; i++) {
                assertEquals((from[row + i] - mean) / root * weight[i] + bias[i], found[row + i], 1e-4);
            }
        }
    }

    public static void refuses(Class<? extends GatunException> type, Runnable call, String... says) {
        String text = assertThrows(type, call::run).getMessage();
        for (String each : says) {
            assertTrue(text.contains(each), text);
        }
    }
}
