// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.GatunException;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.function.Executable;

/** Small encoders with random weights. */
final class TerraMindModels {
    private TerraMindModels() {}

    /** Images of 32 x 32, three blocks of width 16. */
    static TerraMindConfig config(Object modalities, Map<String, ?> more) {
        Map<String, Object> all = new LinkedHashMap<>(Map.of("img_size", 32, "dim", 16, "encoder_depth", 3,
                "num_heads", 2, "modalities", modalities));
        all.putAll(more);
        Arguments arguments = Arguments.of("TerraMind", all);
        TerraMindConfig config = TerraMindConfig.of(arguments);
        arguments.finish();
        return config;
    }

    static TerraMindConfig named(String name, Map<String, ?> given) {
        Arguments arguments = Arguments.of(name, given);
        TerraMindConfig config = TerraMindConfig.of(name, arguments);
        arguments.finish();
        return config;
    }

    static Structure structure(TerraMindConfig config) {
        return Structure.of(TerraMindViT.loader(config)::load);
    }

    static Checkpoint random(TerraMindConfig config) {
        return structure(config).random(4);
    }

    static TerraMindViT load(Scope scope, Checkpoint checkpoint, TerraMindConfig config) {
        StateDict state = StateDict.of(checkpoint);
        TerraMindViT model = TerraMindViT.loader(config).load(scope, state);
        state.finish();
        return model;
    }

    static TerraMindViT load(Scope scope, TerraMindConfig config) {
        return load(scope, random(config), config);
    }

    static Tensor pixels(Scope scope, int seed, long... shape) {
        SplittableRandom random = new SplittableRandom(seed);
        Tensor zeros = scope.zeros(shape);
        float[] values = new float[(int) zeros.shape().numElements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return scope.of(values, shape);
    }

    static Input input(Object... namesAndTensors) {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTensors.length; i += 2) {
            tensors.put((String) namesAndTensors[i], (Tensor) namesAndTensors[i + 1]);
        }
        return Input.of(tensors);
    }

    static float[] last(Scope scope, TerraMindViT model, Input input) {
        List<Feature> features = model.forward(scope, input);
        return features.getLast().tensor().toFloatArray();
    }

    static void refuses(Class<? extends GatunException> type, Executable call, String... says) {
        String text = assertThrows(type, call).getMessage();
        for (String each : says) {
            assertTrue(text.contains(each), text);
        }
    }
}
