// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import static io.gatun.models.TestInputs.pixels;
import static io.gatun.models.terramind.tokenizer.Tokenizers.divae;
import static io.gatun.models.terramind.tokenizer.Tokenizers.refuses;
import static io.gatun.models.terramind.tokenizer.Tokenizers.structure;
import static io.gatun.models.terramind.tokenizer.Tokenizers.vqvae;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TokenizerBackboneTest {
    /** Upstream keeps {@code post_quant_proj} and then refuses the published file of LULC. */
    @Test
    void thePublishedFileOfAWholeTokenizerFits() {
        for (TokenizerConfig config : List.of(divae(Map.of()), vqvae(Map.of()))) {
            Checkpoint whole = structure(config).random(7);
            try (Scope scope = Scope.open(Device.cpu());
                    TerraMindTokenizer tokenizer =
                            TerraMindTokenizer.load(whole, config, Device.cpu(), Precision.STRICT)) {
                TokenizerBackbone backbone = TokenizerBackbone.loader(
                        config, TokenizerBackbone.ReturnType.QUANTIZED).load(scope, TokenizerBackbone.weights(whole));
                Tensor image = pixels(scope, 1, 2, config.channels(), 24, 40);
                List<Feature> features = backbone.forward(scope, Input.of(image));
                assertEquals(Shape.of(2, 3, 3, 5), features.getFirst().tensor().shape());
                assertArrayEquals(tokenizer.encode(scope, image).quantized().toFloatArray(),
                        features.getFirst().tensor().toFloatArray());
                assertEquals(OptionalInt.of(8), backbone.patchSize());
                assertEquals(Shape.of(1, config.channels(), 32, 32),
                        backbone.example(scope).orElseThrow().image().shape());
            }
        }
    }

    @Test
    void theReturnTypeIsUpstreams() {
        Map<String, List<Integer>> expected = Map.of("embedding", Collections.nCopies(12, 768), "latent", List.of(5),
                "quantized", List.of(5));
        expected.forEach((type, channels) -> Structure.of((scope, state) -> {
            Arguments arguments = Arguments.of("backbone", Map.of("return_type", type));
            TokenizerBackbone backbone =
                    TokenizerBackbone.loader("terramind_v1_tokenizer_s1grd", arguments).load(scope, state);
            arguments.finish();
            List<Feature> features = backbone.forward(scope, Input.of(scope.zeros(1, 2, 64, 32)));
            assertEquals(channels, backbone.outChannels());
            assertEquals(channels, features.stream().map(feature -> (int) feature.tensor().dim(1)).toList());
            assertEquals(Shape.of(1, channels.getLast(), 4, 2), features.getLast().tensor().shape());
            return backbone;
        }));
        refuses(ArgumentException.class, "expected one of embedding, latent, quantized", () ->
                TokenizerBackbone.loader("terramind_v1_tokenizer_dem",
                        Arguments.of("backbone", Map.of("return_type", "tokens"))));
    }
}
