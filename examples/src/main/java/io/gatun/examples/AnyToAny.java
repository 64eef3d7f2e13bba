// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.models.Arguments;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.terramind.Pretraining;
import io.gatun.models.terramind.PretrainingStatistics;
import io.gatun.models.terramind.generation.GenerateOptions;
import io.gatun.models.terramind.generation.Generated;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.generation.TerraMindGenerationConfig;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Any modality from any others: upstream's any_to_any_generation. The networks are small and of
 * random weights; with {@code TerraMindGenerationConfig.of("terramind_v1_base_generate", arguments)}, without the
 * arguments of sizes and tokenizers, they are the published ones.
 */
public final class AnyToAny {
    private static final Device DEVICE = Device.best();

    private AnyToAny() {}

    private static TokenizerConfig tokenizer(String name) {
        Map<String, Object> transformer = Map.of("dim_tokens", 32, "depth", 2, "num_heads", 2);
        Arguments arguments = Arguments.of(name, name.endsWith("lulc")
                ? Map.of("image_size", 64, "encoder", transformer, "decoder", transformer)
                : Map.of("image_size", 64, "encoder", transformer,
                        "unet", Map.of("model_channels", 32, "num_res_blocks", 1)));
        TokenizerConfig config = TokenizerConfig.of(name, arguments);
        arguments.finish();
        return config;
    }

    /** A generator of 64 x 64 pixels. */
    static TerraMindGenerationConfig small(List<String> inputs, List<String> outputs) {
        Map<String, Object> keywords = new HashMap<>(Map.of("modalities", inputs, "output_modalities", outputs,
                "standardize", true, "timesteps", 10, "img_size", 64, "dim", 32, "encoder_depth", 2,
                "decoder_depth", 2, "num_heads", 2));
        keywords.put("tokenizer_dict", Map.of(
                "tok_sen2l2a@224", tokenizer("terramind_v1_tokenizer_s2l2a"),
                "tok_sen1grd@224", tokenizer("terramind_v1_tokenizer_s1grd"),
                "tok_dem@224", tokenizer("terramind_v1_tokenizer_dem"),
                "tok_lulc@224", tokenizer("terramind_v1_tokenizer_lulc")));
        PretrainingStatistics statistics = PretrainingStatistics.of(Pretraining.V1);
        keywords.put("pretraining_mean", statistics.mean());
        keywords.put("pretraining_std", statistics.std());
        Arguments arguments = Arguments.of("small", keywords);
        TerraMindGenerationConfig config = TerraMindGenerationConfig.of(arguments);
        arguments.finish();
        return config;
    }

    public static void main(String[] args) {
        try (Scope scope = Scope.open(DEVICE)) {
            SequencedMap<String, Tensor> scene = new LinkedHashMap<>();
            // In the units of the training, which standardize takes and gives: digital numbers, dB, metres, classes.
            scene.put("S2L2A", image(scope, 1500, 12));
            scene.put("S1GRD", image(scope, -12, 2));
            scene.put("DEM", image(scope, 320, 1));
            scene.put("LULC", image(scope, 2, 1));
            print(scope, scene, List.of("S2L2A"), List.of("S2L2A", "S1GRD", "LULC"));
            print(scope, scene, List.of("S1GRD"), List.of("S2L2A", "DEM"));
            print(scope, scene, List.of("DEM", "LULC"), List.of("S1GRD"));
        }
    }

    /** A slope in all bands; of a single one the same value everywhere. */
    private static Tensor image(Scope scope, float value, int bands) {
        float[] values = new float[bands * 64 * 64];
        Arrays.fill(values, value);
        for (int i = 0; i < values.length && bands > 1; i++) {
            values[i] *= 1 + 0.1f * (i % 64) / 64;
        }
        return scope.of(values, 1, bands, 64, 64);
    }

    private static void print(
            Scope scope, Map<String, Tensor> scene, List<String> inputs, List<String> outputs) {
        Loader<TerraMindGeneration> loader = TerraMindGeneration.loader(small(inputs, outputs));
        Checkpoint weights = Structure.of(loader::load).random(1);
        try (TerraMindGeneration model = Loader.open(loader, weights, DEVICE, Precision.STRICT)) {
            SequencedMap<String, Tensor> given = new LinkedHashMap<>();
            inputs.forEach(name -> given.put(name, scene.get(name)));
            Generated made = model.generate(scope, Input.of(given), GenerateOptions.defaults().withSeed(42, 0));
            made.outputs().forEach((name, image) -> System.out.println(
                    String.join(" and ", inputs) + " to " + name + ": " + image.shape()));
        }
    }
}
