// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.Checkpoint;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
        return TerraMindViT.loader(config).load(scope, checkpoint);
    }

    static TerraMindViT load(Scope scope, TerraMindConfig config) {
        return load(scope, random(config), config);
    }

    static float[] last(Scope scope, TerraMindViT model, Input input) {
        List<Feature> features = model.forward(scope, input);
        return features.getLast().tensor().toFloatArray();
    }
}
