// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import io.gatun.factory.BackboneBuilder;
import io.gatun.models.prithvi.PrithviConfig;
import io.gatun.models.prithvi.PrithviViT;
import io.gatun.models.terrafm.TerraFM;
import io.gatun.models.terrafm.TerraFMConfig;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindViT;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.generation.TerraMindGenerationConfig;
import io.gatun.models.terramind.generation.TerraMindTiM;
import io.gatun.models.terramind.generation.TerraMindTiMConfig;
import io.gatun.models.terramind.tokenizer.TokenizerBackbone;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;

/** The backbones that Gatun builds, under TerraTorch's, TerraFM's and timm's names. */
final class Backbones {
    private Backbones() {}

    static void register(MultiSourceRegistry<BackboneBuilder> backbones) {
        Registry<BackboneBuilder> terratorch = new Registry<>();
        for (String name : PrithviConfig.names()) {
            terratorch.register(name, arguments -> PrithviViT.loader(PrithviConfig.of(name, arguments)));
        }
        for (String name : TerraMindConfig.names()) {
            terratorch.register(name, arguments ->
                    TerraMindViT.loader(TerraMindConfig.of(name, TextTokenizers.read(arguments))));
        }
        for (String name : TokenizerConfig.backboneNames()) {
            terratorch.register(name, arguments -> TokenizerBackbone.loader(name, arguments));
        }
        for (String name : TerraMindTiMConfig.names()) {
            terratorch.register(name, arguments ->
                    TerraMindTiM.loader(TerraMindTiMConfig.of(name, TextTokenizers.read(arguments))));
        }
        for (String name : TerraMindGenerationConfig.names()) {
            terratorch.register(name, arguments -> TerraMindGeneration.loader(
                    TerraMindGenerationConfig.of(name, TextTokenizers.read(arguments))));
        }
        for (String name : TerraFMConfig.names()) {
            terratorch.register(name, arguments -> TerraFM.loader(TerraFMConfig.of(name, arguments)));
        }
        backbones.registerSource("terratorch", terratorch);
        backbones.registerSource("timm", new TimmModels());
    }
}
