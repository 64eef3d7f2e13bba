// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small generators with random weights. */
final class Generators {
    static final String LULC = "tok_lulc@224";
    static final String DEM = "tok_dem@224";
    static final String NDVI = "tok_ndvi@224";
    private static final Map<String, ?> TRANSFORMER = Map.of("dim_tokens", 16, "depth", 1, "num_heads", 2);

    private Generators() {}

    /** Of a code book of 4375 tokens as the published, and so many channels. */
    static TokenizerConfig classes(int channels) {
        return tokenizer(TokenizerConfig.Kind.VQVAE, Map.of("n_channels", channels, "codebook_size", "7-5-5-5-5",
                "encoder", TRANSFORMER, "decoder", TRANSFORMER));
    }

    /** Of a code book of 15360 tokens as the published, and one channel. */
    static TokenizerConfig diffusion() {
        return tokenizer(TokenizerConfig.Kind.DIVAE, Map.of("n_channels", 1, "codebook_size", "8-8-8-6-5", "encoder",
                TRANSFORMER, "unet", Map.of("model_channels", 32, "num_res_blocks", 1, "channel_mult", List.of(1, 1),
                        "attention_resolutions", List.of(2))));
    }

    static TokenizerConfig tokenizer(TokenizerConfig.Kind kind, Map<String, ?> given) {
        Map<String, Object> all = new LinkedHashMap<>(Map.of("image_size", 32, "patch_size", 16, "post_mlp", true));
        all.putAll(given);
        Arguments arguments = Arguments.of("tokenizer", all);
        TokenizerConfig config = TokenizerConfig.of(kind, arguments);
        arguments.finish();
        return config;
    }

    /** Images of 32 x 32, two blocks of width 16 each; S1GRD and DEM to LULC. */
    static Map<String, Object> arguments(Map<String, ?> more) {
        Map<String, Object> all = new LinkedHashMap<>(Map.of("img_size", 32, "dim", 16, "encoder_depth", 2,
                "decoder_depth", 2, "num_heads", 2, "modalities", List.of("S1GRD", "DEM"),
                "tokenizer_dict", Map.of(LULC, classes(10), DEM, diffusion(), NDVI, diffusion())));
        all.putAll(more);
        return all;
    }

    static TerraMindGenerationConfig generator(Map<String, ?> more) {
        Map<String, Object> all = new LinkedHashMap<>(Map.of("output_modalities", List.of("LULC"), "timesteps", 2));
        all.putAll(more);
        Arguments arguments = Arguments.of("TerraMindGeneration", arguments(all));
        TerraMindGenerationConfig config = TerraMindGenerationConfig.of(arguments);
        arguments.finish();
        return config;
    }

    static TerraMindGenerationConfig named(String name, Map<String, ?> given) {
        Arguments arguments = Arguments.of(name, given);
        TerraMindGenerationConfig config = TerraMindGenerationConfig.of(name, arguments);
        arguments.finish();
        return config;
    }

    static TerraMindTiMConfig tim(Map<String, ?> more) {
        Arguments arguments = Arguments.of("TerraMindTiM", arguments(more));
        TerraMindTiMConfig config = TerraMindTiMConfig.of(arguments);
        arguments.finish();
        return config;
    }

    static <M> M random(Scope scope, Loader<M> loader) {
        return loader.load(scope, Structure.of(loader::load).random(4));
    }
}
