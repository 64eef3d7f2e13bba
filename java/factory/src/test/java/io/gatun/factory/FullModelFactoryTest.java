// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.Model;
import io.gatun.models.terramind.tokenizer.TerraMindTokenizer;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FullModelFactoryTest {
    /** A model of one vector. */
    private record Vector(Scope weights, Tensor values) implements Model {
        @Override
        public Device device() {
            return weights.device();
        }

        @Override
        public Precision precision() {
            return weights.precision();
        }

        @Override
        public void close() {
            weights.close();
        }
    }

    private static final Map<String, Integer> SMALL = Map.of("dim_tokens", 16, "depth", 2, "num_heads", 2);

    @BeforeAll
    static void register() {
        Registries.fullModels().register("terratorch", "test_vector", arguments -> {
            int length = arguments.integer("length", 3);
            return (scope, state) -> new Vector(scope, state.takeTensor(scope, "values", length));
        });
    }

    @Test
    void buildsModelsByName() {
        Blueprint<? extends Model> blueprint = Registries.modelFactories().get("FullModelFactory")
                .buildModel(Map.of("model", "terratorch_test_vector", "length", 5));
        assertEquals(5, blueprint.structure().parameterCount());
        try (Model model = blueprint.load(blueprint.structure().random(1), Device.cpu())) {
            assertEquals(5, ((Vector) model).values().shape().numElements());
        }
    }

    @Test
    void argumentsOfTheFactoryItselfAreUpstreams() {
        Map<String, Object> arguments = new HashMap<>(Map.of("model", "test_vector", "rescale", false, "padding",
                "constant"));
        arguments.put("peft_config", null);
        assertEquals(3, FullModelFactory.buildModel(arguments).structure().parameterCount());
        arguments.put("peft_config", Map.of("method", "LORA"));
        String message = assertThrows(ArgumentException.class, () -> FullModelFactory.buildModel(arguments))
                .getMessage();
        assertTrue(message.contains("FullModelFactory: peft_config") && message.contains("merge_and_unload"), message);
    }

    @Test
    void aLoaderTakesThePlaceOfAName() {
        Loader<Vector> loader = (scope, state) -> new Vector(scope, state.takeTensor(scope, "values", 4));
        assertEquals(4, FullModelFactory.buildModel(Map.of("model", loader, "length", 5)).structure().parameterCount(),
                "its arguments are settled");
        for (Object other : List.of(3, (Loader<String>) (_, _) -> "no model")) {
            String message = assertThrows(ArgumentException.class,
                    () -> FullModelFactory.buildModel(Map.of("model", other))).getMessage();
            assertTrue(message.contains("expected a") && message.contains("Model"), message);
        }
    }

    @Test
    void tokenizersAreBuiltByUpstreamsNames() {
        Map<String, Integer> sides = Map.of("image_size", 32, "patch_size", 8);
        for (String name : TokenizerConfig.names()) {
            Map<String, Object> arguments = new HashMap<>(Map.of("model", name, "encoder", SMALL));
            arguments.putAll(sides);
            arguments.put(name.endsWith("lulc") ? "decoder" : "unet", name.endsWith("lulc") ? SMALL
                    : Map.of("model_channels", 32, "num_res_blocks", 1, "channel_mult", List.of(1, 1)));
            Blueprint<Model> blueprint = FullModelFactory.buildModel(arguments);
            try (TerraMindTokenizer tokenizer =
                    (TerraMindTokenizer) blueprint.load(blueprint.structure().random(1), Device.cpu());
                    Scope scope = Scope.open(Device.cpu())) {
                assertEquals(name, tokenizer.name());
                Tensor image = scope.zeros(1, tokenizer.config().channels(), 32, 32);
                assertEquals(Shape.of(1, 4, 4), tokenizer.tokenize(scope, image).shape());
            }
        }
    }

    @Test
    void tokenizersAreBackbones() {
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(Map.of("task", "segmentation",
                "num_classes", 3, "backbone", "terramind_v1_tokenizer_dem", "backbone_image_size", 32,
                "backbone_patch_size", 8, "backbone_encoder", SMALL, "decoder", "FCNDecoder"));
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), Device.cpu());
                Scope scope = Scope.open(Device.cpu())) {
            assertEquals(Shape.of(1, 3, 32, 32),
                    model.forward(scope, Input.of(scope.zeros(1, 1, 32, 32))).output().shape());
        }
    }

    @Test
    void unknownNamesAndArgumentsAreRefused() {
        String message = assertThrows(ArgumentException.class,
                () -> FullModelFactory.buildModel(Map.of("model", "test_vektor"))).getMessage();
        assertTrue(message.contains("no full model \"test_vektor\"") && message.contains("nearest is test_vector"),
                message);
        message = assertThrows(ArgumentException.class,
                () -> FullModelFactory.buildModel(Map.of("model", "test_vector", "lenght", 5))).getMessage();
        assertTrue(message.contains("lenght (did you mean length?)"), message);
    }
}
