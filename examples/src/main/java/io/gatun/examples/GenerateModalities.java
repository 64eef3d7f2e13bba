// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.terramind.generation.GenerateOptions;
import io.gatun.models.terramind.generation.Generated;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * TerraMind's generation and its Thinking in Modalities: the programs of upstream's page on them, with the tiny model
 * and small tokenizers. Leave {@code tokenizer_dict} out for the real ones.
 */
public final class GenerateModalities {
    private static final Device DEVICE = Device.best();

    private GenerateModalities() {}

    /** As {@code BACKBONE_REGISTRY.build}, with random weights. */
    private static Backbone build(Scope scope, String name, Map<String, ?> keywords) {
        Arguments arguments = Arguments.of(name, keywords);
        Loader<? extends Backbone> loader = Registries.backbones().get(name).build(arguments);
        arguments.finish();
        return loader.load(scope, Structure.of(loader::load).random(1));
    }

    /** Tokenizers of a few blocks. */
    private static Map<String, ?> small() {
        Map<String, ?> blocks = Map.of("dim_tokens", 64, "depth", 2, "num_heads", 2);
        Map<String, Object> tokenizers = new LinkedHashMap<>();
        Map.of("s2l2a", "tok_sen2l2a@224", "s1grd", "tok_sen1grd@224", "dem", "tok_dem@224").forEach((part, key) ->
                tokenizers.put(key, TokenizerConfig.of("terramind_v1_tokenizer_" + part, Arguments.of(part, Map.of(
                        "encoder", blocks, "unet", Map.of("model_channels", 32, "num_res_blocks", 1))))));
        tokenizers.put("tok_lulc@224", TokenizerConfig.of("terramind_v1_tokenizer_lulc",
                Arguments.of("lulc", Map.of("encoder", blocks, "decoder", blocks))));
        return tokenizers;
    }

    public static void main(String[] args) {
        // Unlike other backbones a generator is closed itself: its scope does not know the graphs of its tokenizers.
        try (Scope weights = Scope.open(DEVICE); TerraMindGeneration model = (TerraMindGeneration) build(
                weights, "terramind_v1_tiny_generate", Map.of("modalities", List.of("S2L2A", "DEM"),
                        "output_modalities", List.of("S1GRD", "LULC"), "standardize", true, "timesteps", 10,
                        "tokenizer_dict", small())); Scope scope = Scope.open(DEVICE)) {
            // Digital numbers; any of the inputs will do.
            Tensor image = scope.full(DType.F32, 1500, 1, 12, 224, 224);
            GenerateOptions options = GenerateOptions.defaults().withSeed(42, 0);
            Generated generated = model.generate(scope, Input.of("S2L2A", image), options);
            generated.outputs().forEach((name, output) -> System.out.println(name + " " + output.shape()));
            Tensor elevation = scope.full(DType.F32, 800, 1, 1, 224, 224);
            System.out.println("of both " + model.generate(scope,
                    Input.of("S2L2A", image).with("DEM", elevation), options).tokens().get("LULC").shape());
        }
        try (Scope weights = Scope.open(DEVICE); Scope scope = Scope.open(DEVICE)) {
            Backbone thinking = build(weights, "terramind_v1_tiny_tim",
                    Map.of("modalities", List.of("S2L2A"), "tim_modalities", List.of("LULC"), "pretrained", true));
            Tensor image = scope.zeros(1, 12, 224, 224);
            System.out.println("with thoughts "
                    + thinking.forward(scope, Input.of(image)).getLast().tensor().shape());
        }
    }
}
