// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.data.json.JsonFile;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Loader;
import io.gatun.models.prithvi.PrithviCheckpoint;
import io.gatun.models.prithvi.PrithviConfig;
import io.gatun.models.prithvi.PrithviViT;
import io.gatun.models.terrafm.TerraFM;
import io.gatun.models.terrafm.TerraFMConfig;
import io.gatun.models.terramind.TerraMindCheckpoint;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindViT;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.generation.TerraMindGenerationCheckpoint;
import io.gatun.models.terramind.generation.TerraMindGenerationConfig;
import io.gatun.models.terramind.tokenizer.CoordinatesTokenizer;
import io.gatun.models.terramind.tokenizer.TerraMindTokenizer;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import io.gatun.models.terramind.tokenizer.WordPiece;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Loads a published file of a backbone, a tokenizer or a generator, all weights of which it must have, and runs it on
 * an image of zeros. A generator takes the tokenizer of LULC from the same folder.
 * {@code published.sh} fetches the files and calls this for each.
 */
public final class LoadPublished {
    private LoadPublished() {}

    /** Arguments: the name, the file. */
    public static void main(String[] args) {
        if (args[0].endsWith("_tokenizer_coords")) {
            System.out.println(args[0] + ": " + WordPiece.of(JsonFile.read(Path.of(args[1]))).encode(
                    CoordinatesTokenizer.text(11.5f, 48.25f)));
            return;
        }
        Checkpoint file = Checkpoints.read(Path.of(args[1]));
        if (args[0].endsWith("_generate")) {
            generate(args[0], file, Path.of(args[1]).resolveSibling("TerraMind_Tokenizer_LULC.pt"));
        } else if (args[0].contains("_tokenizer_")) {
            tokenize(TokenizerConfig.of(args[0], Arguments.of(args[0], Map.of())), file);
        } else if (args[0].startsWith("terramind")) {
            TerraMindConfig config = TerraMindConfig.of(args[0], Arguments.of(args[0], Map.of("modalities",
                    args[0].contains("v01") ? List.of("S2L2A") : List.of("S2L2A", "S1GRD"))));
            run(args[0], TerraMindViT.loader(config), TerraMindCheckpoint.of(file, config).weights());
        } else if (args[0].startsWith("terrafm")) {
            run(args[0], TerraFM.loader(TerraFMConfig.named(args[0])), file);
        } else {
            PrithviConfig config = PrithviConfig.named(args[0]);
            run(args[0], PrithviViT.loader(config), PrithviCheckpoint.encoder(file, config));
        }
    }

    private static void generate(String name, Checkpoint file, Path tokenizer) {
        TerraMindGenerationConfig config = TerraMindGenerationConfig.of(name, Arguments.of(name,
                Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("LULC"))));
        run(name, TerraMindGeneration.loader(config), TerraMindGenerationCheckpoint.of(
                file, Map.of("tok_lulc@224", Checkpoints.read(tokenizer)), config).weights());
    }

    private static void tokenize(TokenizerConfig config, Checkpoint file) {
        try (TerraMindTokenizer tokenizer =
                TerraMindTokenizer.load(file, config, Device.best(), Precision.STRICT);
                Scope scope = Scope.open(tokenizer.device())) {
            Tensor tokens = tokenizer.tokenize(scope, scope.zeros(1, config.channels(), 224, 224));
            System.out.println(config.name() + ": tokens " + tokens.shape() + " of " + config.codebookSize());
        }
    }

    private static void run(String name, Loader<? extends Backbone> loader, Checkpoint weights) {
        Device device = Device.best();
        try (Scope scope = Scope.open(device)) {
            Backbone backbone = loader.load(scope, weights);
            List<Feature> features = backbone.forward(scope, backbone.example(scope).orElseThrow());
            scope.sync();
            Tensor last = switch (features.getLast()) {
                case Feature.ByModality(var values) -> values.firstEntry().getValue();
                case Feature.Single(Tensor value) -> value;
            };
            System.out.println(name + ": " + Structure.of(loader::load).parameterCount() + " parameters, "
                    + features.size() + " features of " + last.shape());
        }
    }
}
