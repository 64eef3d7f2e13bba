// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.factory.Blueprint;
import io.gatun.factory.FullModelFactory;
import io.gatun.models.Model;
import io.gatun.models.terramind.tokenizer.DecodeOptions;
import io.gatun.models.terramind.tokenizer.RoundTrip;
import io.gatun.models.terramind.tokenizer.TerraMindTokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * TerraMind's tokenizers: the program of upstream's page on them, with small ones. Leave the sizes out for the real
 * ones.
 */
public final class TokenizeImages {
    private static final Device DEVICE = Device.best();

    private TokenizeImages() {}

    /** As {@code FULL_MODEL_REGISTRY.build}, with random weights. */
    private static TerraMindTokenizer build(String name, Map<String, ?> sizes) {
        Map<String, Object> arguments = new LinkedHashMap<>(Map.of("model", name,
                "encoder", Map.of("dim_tokens", 64, "depth", 2, "num_heads", 2)));
        arguments.putAll(sizes);
        Blueprint<Model> blueprint = FullModelFactory.buildModel(arguments);
        return (TerraMindTokenizer) blueprint.load(blueprint.structure().random(1), DEVICE);
    }

    public static void main(String[] args) {
        try (TerraMindTokenizer optical = build("terramind_v1_tokenizer_s2l2a", Map.of("unet", Map.of(
                        "model_channels", 32, "num_res_blocks", 1)));
                TerraMindTokenizer classes = build("terramind_v1_tokenizer_lulc", Map.of("decoder", Map.of(
                        "dim_tokens", 64, "depth", 2, "num_heads", 2)));
                Scope scope = Scope.open(DEVICE)) {
            Tensor image = scope.zeros(1, 12, 256, 256);
            System.out.println("tokens " + optical.tokenize(scope, image).shape());
            DecodeOptions options = DecodeOptions.defaults().withTimesteps(10).withSeed(1, 0);
            System.out.println("reconstruction " + optical.reconstruct(scope, image, options).shape());

            long[] numbers = new long[256 * 256];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = i / 4096 % 10;
            }
            Tensor map = scope.of(numbers, 1, 256, 256);
            System.out.println("scores " + classes.reconstruct(scope, map, options).shape());
            for (TerraMindTokenizer tokenizer : List.of(optical, classes)) {
                RoundTrip trip = RoundTrip.of(scope, tokenizer, tokenizer == optical ? image : map, options);
                System.out.println(tokenizer.name() + ": " + trip.changed() + " of " + trip.tokens()
                        + " tokens are others after another round");
            }
        }
    }
}
