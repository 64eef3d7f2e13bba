// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import io.gatun.factory.FullModelBuilder;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.generation.TerraMindGenerationConfig;
import io.gatun.models.terramind.tokenizer.TerraMindTokenizer;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;

/** The whole models that Gatun builds, under TerraTorch's names. */
final class FullModels {
    private FullModels() {}

    static Registry<FullModelBuilder> registry() {
        Registry<FullModelBuilder> models = new Registry<>();
        for (String name : TokenizerConfig.names()) {
            models.register(name, arguments -> TerraMindTokenizer.loader(TokenizerConfig.of(name, arguments)));
        }
        for (String name : TerraMindGenerationConfig.names()) {
            models.register(name, arguments -> TerraMindGeneration.loader(
                    TerraMindGenerationConfig.of(name, TextTokenizers.read(arguments))));
        }
        return models;
    }
}
