// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.DType;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.factory.config.Yaml;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.generation.TerraMindTiM;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TerraMind's generators and its Thinking in Modalities, by upstream's names. */
class TerraMindGenerationModelsTest {
    private static final Map<String, ?> GENERATOR = Map.of("modalities", List.of("S2L2A"),
            "output_modalities", List.of("S1GRD", "LULC"), "standardize", true, "pretrained", true);

    /** TerraTorch registers generators as full models, and its page builds them from the backbones. */
    @Test
    void generatorsAreInBothRegistries() {
        for (String size : List.of("v1_tiny", "v1_small", "v1_base", "v1_large", "v01_base")) {
            String name = "terramind_" + size + "_generate";
            Arguments arguments = Arguments.of(name, GENERATOR);
            Loader<? extends Backbone> backbone = Registries.backbones().get(name).build(arguments);
            arguments.finish();
            Map<String, Object> whole = new HashMap<>(GENERATOR);
            whole.put("model", name);
            Structure structure = FullModelFactory.buildModel(whole).structure();
            assertEquals(Structure.of(backbone::load), structure);
            assertTrue(structure.weights().containsKey("sampler.model.mask_token"));
            assertTrue(structure.weights().containsKey("tokenizer.tok_sen1grd@224.quant_proj.weight"));
            Structure.of((scope, state) -> {
                TerraMindGeneration model = assertInstanceOf(TerraMindGeneration.class, backbone.load(scope, state));
                var images = model.forward(scope, Input.of(scope.empty(DType.F32, 2, 12, 224, 224)));
                assertEquals(1, images.size());
                return model;
            });
        }
    }

    @Test
    void aGeneratorIsNoBackboneOfADecoder() {
        Map<String, Object> arguments = new HashMap<>(Map.of("task", "segmentation", "num_classes", 2, "decoder",
                "FCNDecoder", "backbone", "terramind_v1_tiny_generate"));
        GENERATOR.forEach((key, value) -> arguments.put("backbone_" + key, value));
        String text = assertThrows(ArgumentException.class, () -> EncoderDecoderFactory.buildModel(arguments))
                .getMessage();
        assertTrue(text.contains("a generator gives images, S1GRD, LULC") && text.contains("_tim"), text);
    }

    private static Map<String, Object> thinking(Map<String, ?> more) {
        Map<String, Object> arguments = new HashMap<>(Map.of("task", "segmentation", "num_classes", 3,
                "backbone", "terramind_v1_tiny_tim", "backbone_pretrained", true, "backbone_img_size", 32,
                "backbone_modalities", List.of("S2L2A"), "backbone_tim_modalities", List.of("LULC", "NDVI"),
                "decoder", "UNetDecoder", "decoder_channels", List.of(16, 8, 8, 4)));
        arguments.put("necks", List.of(Map.of("name", "ReshapeTokensToImage", "remove_cls_token", false),
                Map.of("name", "SelectIndices", "indices", List.of(2, 5, 8, 11)),
                Map.of("name", "LearnedInterpolateToPyramidal")));
        arguments.putAll(more);
        return arguments;
    }

    @Test
    void thoughtsJoinTheFeaturesOfADecoder() {
        for (String method : List.of("mean", "max", "concat")) {
            Blueprint<EncoderDecoderModel> blueprint =
                    EncoderDecoderFactory.buildModel(thinking(Map.of("backbone_merge_method", method)));
            Checkpoint weights = blueprint.structure().random(1);
            assertTrue(weights.tensors().containsKey("encoder.sampler.model.decoder.3.cross_attn.kv.weight"));
            assertTrue(weights.tensors().containsKey("encoder.encoder_embeddings.tok_ndvi@224.mod_emb"));
            try (EncoderDecoderModel model = blueprint.load(weights, Device.cpu());
                    Scope scope = Scope.open(Device.cpu())) {
                Tensor image = scope.full(DType.F32, 0.3, 2, 12, 32, 32);
                Tensor output = model.forward(scope, Input.of(image)).output();
                assertArrayEquals(new long[] {2, 3, 32, 32}, output.shape().toArray(), method);
                float[] both = output.toFloatArray();
                float[] one = model.forward(scope, Input.of(image.slice(0, 0, 1))).output().toFloatArray();
                for (int i = 0; i < one.length; i++) {
                    assertEquals(one[i], both[i]);
                    assertEquals(one[i], both[one.length + i]);
                }
            }
        }
    }

    /** As upstream's page has it. */
    @Test
    void thinkingBackbonesComeFromYaml(@TempDir Path folder) {
        String text = """
                data:
                  class_path: GenericNonGeoSegmentationDataModule
                  init_args:
                    means: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
                    stds: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
                    num_classes: 2
                model:
                  class_path: terratorch.tasks.SemanticSegmentationTask
                  init_args:
                    model_factory: EncoderDecoderFactory
                    model_args:
                      backbone: terramind_v1_tiny_tim
                      backbone_pretrained: True
                      backbone_modalities: [S2L2A]
                      backbone_tim_modalities: [LULC]
                      backbone_tim_decoding_steps: 2
                      backbone_tim_temps: 0.5
                      backbone_tim_top_p: 0.9
                      backbone_tim_top_k: 10
                      necks:
                        - name: ReshapeTokensToImage
                          remove_cls_token: False
                      decoder: FCNDecoder
                      num_classes: 2
                """;
        TerraTorchConfig config = TerraTorchConfig.read(Yaml.file(folder, text), false);
        Structure structure = EncoderDecoderFactory.buildModel(config.modelArguments()).structure();
        assertTrue(structure.weights().containsKey("encoder.encoder_embeddings.tok_lulc@224.token_emb.weight"));
        assertTrue(structure.weights().containsKey("encoder.sampler.model.decoder_proj_context.bias"));
    }

    /** As a configuration file can have it: by the path of the vocabulary. */
    @Test
    void textTokenizersComeFromTheirFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("coordinates.json"), """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
                 "normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"},
                 "post_processor": null, "decoder": {"type": "WordPiece"},
                 "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[PAD]": 0, "[UNK]": 1, "lat": 2}}}
                """);
        Map<String, Object> generator = new HashMap<>(Map.of("modalities", List.of("S2L2A"),
                "output_modalities", List.of("coords"), "tokenizer_dict", Map.of("coords", file.toString())));
        Arguments arguments = Arguments.of("generator", generator);
        Loader<? extends Backbone> loader =
                Registries.backbones().get("terramind_v1_tiny_generate").build(arguments);
        arguments.finish();
        Structure.of((scope, state) -> {
            TerraMindGeneration model = assertInstanceOf(TerraMindGeneration.class, loader.load(scope, state));
            assertEquals(2, model.tokenizers().coordinates().orElseThrow().text().id("lat"));
            return model;
        });
        generator.put("tokenizer_dict", Map.of("coords", folder.resolve("none.json").toString()));
        generator.put("model", "terramind_v1_tiny_generate");
        String text = assertThrows(DataException.class, () -> FullModelFactory.buildModel(generator)).getMessage();
        assertTrue(text.contains("none.json does not exist"), text);
    }

    @Test
    void whatAThinkingBackboneCannotHaveIsRefused() {
        String text = assertThrows(ArgumentException.class, () -> EncoderDecoderFactory.buildModel(
                thinking(Map.of("backbone_bands", Map.of("S2L2A", List.of("RED")))))).getMessage();
        assertTrue(text.contains("Bands cannot be adapted for TerraMind TiM models"), text);
        text = assertThrows(ArgumentException.class, () -> EncoderDecoderFactory.buildModel(
                thinking(Map.of("backbone_modalities", List.of("S2L2A", Map.of("PLANET", 3)))))).getMessage();
        assertTrue(text.contains("TerraMind TiM models do not support new modalities"), text);
        Arguments arguments = Arguments.of("", Map.of("modalities", List.of("S2L2A")));
        assertEquals(12, Structure.of((scope, state) -> {
            TerraMindTiM model = (TerraMindTiM) Registries.backbones().get("terratorch_terramind_v1_base_tim")
                    .build(arguments).load(scope, state);
            assertEquals(12, model.outChannels().size());
            return model;
        }).weights().keySet().stream().filter(name -> name.matches("sampler.model.decoder.\\d+.norm1.weight")).count());
    }
}
