// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Device;
import io.gatun.core.GatunException;
import io.gatun.core.Precision;
import io.gatun.core.Structure;
import io.gatun.models.Arguments;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.function.Executable;

/** Small tokenizers with random weights. */
final class Tokenizers {
    private static final Map<String, ?> TRANSFORMER = Map.of("dim_tokens", 16, "depth", 2, "num_heads", 2);

    private Tokenizers() {}

    /** Images of 32 x 32 and 2 channels, patches of 8. */
    static TokenizerConfig divae(Map<String, ?> more) {
        return config(TokenizerConfig.Kind.DIVAE, Map.of("n_channels", 2, "encoder", TRANSFORMER, "unet", Map.of(
                "model_channels", 32, "num_res_blocks", 1, "channel_mult", List.of(1, 1),
                "attention_resolutions", List.of(2))), more);
    }

    /** Maps of 32 x 32 and 3 classes, patches of 8. */
    static TokenizerConfig vqvae(Map<String, ?> more) {
        return config(TokenizerConfig.Kind.VQVAE,
                Map.of("n_channels", 3, "encoder", TRANSFORMER, "decoder", TRANSFORMER), more);
    }

    private static TokenizerConfig config(TokenizerConfig.Kind kind, Map<String, ?> own, Map<String, ?> more) {
        Map<String, Object> all = new LinkedHashMap<>(
                Map.of("image_size", 32, "patch_size", 8, "codebook_size", "5-4-3", "post_mlp", true));
        all.putAll(own);
        all.putAll(more);
        Arguments arguments = Arguments.of("tokenizer", all);
        TokenizerConfig config = TokenizerConfig.of(kind, arguments);
        arguments.finish();
        return config;
    }

    static TokenizerConfig named(String name, Map<String, ?> given) {
        Arguments arguments = Arguments.of(name, given);
        TokenizerConfig config = TokenizerConfig.of(name, arguments);
        arguments.finish();
        return config;
    }

    static Structure structure(TokenizerConfig config) {
        return Structure.of(TerraMindTokenizer.loader(config)::load);
    }

    static TerraMindTokenizer load(TokenizerConfig config) {
        return load(config, Device.cpu());
    }

    static TerraMindTokenizer load(TokenizerConfig config, Device device) {
        return TerraMindTokenizer.load(structure(config).random(7), config, device, Precision.STRICT);
    }

    static void refuses(Class<? extends GatunException> type, String words, Executable call) {
        String message = assertThrows(type, call).getMessage();
        assertTrue(message.contains(words), () -> message + " lacks " + words);
    }
}
