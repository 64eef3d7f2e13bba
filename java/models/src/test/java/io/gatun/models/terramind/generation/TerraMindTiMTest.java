// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import static io.gatun.models.TestInputs.input;
import static io.gatun.models.TestInputs.pixels;
import static io.gatun.models.TestInputs.refuses;
import static io.gatun.models.terramind.generation.Generators.LULC;
import static io.gatun.models.terramind.generation.Generators.tim;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.terramind.TerraMindCheckpoint;
import io.gatun.models.terramind.TerraMindEncoderDecoder;
import io.gatun.models.terramind.TerraMindViT;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TerraMindTiMTest {
    private final Scope scope = Scope.open(Device.cpu());

    @AfterEach
    void close() {
        scope.close();
    }

    private TerraMindTiM model(Map<String, ?> more) {
        return Generators.random(scope, TerraMindTiM.loader(tim(more)));
    }

    private Input images() {
        return input("S1GRD", pixels(scope, 1, 2, 2, 32, 32), "DEM", pixels(scope, 2, 2, 1, 32, 32));
    }

    private static TerraMindTiMConfig named(String name, Map<String, ?> given) {
        Arguments arguments = Arguments.of(name, given);
        TerraMindTiMConfig config = TerraMindTiMConfig.of(name, arguments);
        arguments.finish();
        return config;
    }

    /** An encoder of inputs and thoughts, and the generator below sampler.model. */
    @Test
    void publishedSizesHaveBothNetworks() {
        for (String name : TerraMindTiMConfig.names()) {
            TerraMindTiMConfig config = named(name, Map.of("modalities", List.of("S2L2A"), "pretrained", true));
            Map<String, Structure.Entry> expected = new TreeMap<>();
            Structure.of(TerraMindViT.loader(config.encoder())::load).weights().forEach(expected::put);
            assertTrue(expected.containsKey("encoder_embeddings.tok_lulc@224.token_emb.weight"));
            Structure generator = Structure.of(TerraMindEncoderDecoder.loader(config.generator())::load);
            generator.weights().forEach((key, entry) -> expected.put("sampler.model." + key, entry));
            assertFalse(generator.weights().containsKey("encoder_embeddings.tok_lulc@224.token_emb.weight"));
            assertEquals(expected, new TreeMap<>(Structure.of(TerraMindTiM.loader(config)::load).weights()));
        }
        assertEquals(List.of("terramind_v1_tiny_tim", "terramind_v1_small_tim", "terramind_v1_base_tim",
                "terramind_v1_large_tim", "terramind_v01_base_tim"), TerraMindTiMConfig.names());
    }

    @Test
    void defaultsAreUpstreams() {
        TerraMindTiMConfig config = named("terramind_v1_tiny_tim", Map.of("modalities", List.of("S2L2A")));
        assertEquals(Set.of("LULC"), config.settings().targets().keySet());
        assertEquals(List.of(1), config.settings().decodingSteps());
        assertEquals(List.of(1.0), config.settings().temperatures());
        assertEquals(0.8, config.settings().topP());
        assertEquals(0, config.settings().topK());
        assertEquals(4, config.decoderDepth());
    }

    @Test
    void argumentsThatDoNotFitAreRefused() {
        refused(Map.of("modalities", List.of("S2L2A"), "bands", Map.of("S2L2A", List.of("RED"))),
                "Bands cannot be adapted for TerraMind TiM models and is expected to be None.", "RED");
        refused(Map.of("modalities", List.of("S2L2A", Map.of("PLANET", 4))),
                "TerraMind TiM models do not support new modalities.", "PLANET is none");
        refused(Map.of(), "do not support new modalities", "image is none");
        refused(Map.of("modalities", List.of("S2L2A", "DEM"), "tim_modalities", List.of("DEM")),
                "Fallback TiM modalities are currently only supported for tokenized modalities, found DEM"
                        + " (untok_dem@224)");
        refused(Map.of("modalities", List.of("S2L2A"), "tim_modalities", List.of("snow")),
                "Could not find modality snow");
        refused(Map.of("modalities", List.of("S2L2A"), "tim_step", 1), "tim_step (did you mean");
    }

    private static void refused(Map<String, ?> given, String... says) {
        refuses(ArgumentException.class, () -> named("terramind_v1_tiny_tim", given), says);
    }

    /** The encoder on what was given and the tokens that were found is the whole. */
    @Test
    void thoughtsAreInputsOfTheEncoder() {
        for (String method : List.of("mean", "max", "concat", "dict", "None")) {
            TerraMindTiMConfig config = tim(Map.of("merge_method", method));
            Checkpoint weights = Structure.of(TerraMindTiM.loader(config)::load).random(4);
            TerraMindTiM model = TerraMindTiM.loader(config).load(scope, weights);
            List<long[]> found = new ArrayList<>();
            List<Feature> features = model.forward(scope, images(), Optional.of((_, _, candidates) -> candidates),
                    (_, _, _, ids) -> found.add(ids));
            StateDict state = StateDict.of(weights);
            TerraMindViT encoder = TerraMindViT.loader(config.encoder()).load(scope, state);
            List<Feature> expected = encoder.forward(
                    scope, images().with("LULC", scope.of(found.getFirst(), 2, 2, 2)));
            assertEquals(expected.size(), features.size());
            for (int i = 0; i < features.size(); i++) {
                if (features.get(i) instanceof Feature.ByModality several) {
                    // Upstream's dictionary has what was given alone.
                    assertEquals(List.of("S1GRD", "DEM"), List.copyOf(several.values().keySet()));
                    Feature.ByModality all = (Feature.ByModality) expected.get(i);
                    several.values().forEach((name, tensor) -> assertArrayEquals(
                            all.values().get(name).toFloatArray(), tensor.toFloatArray(), method));
                } else {
                    assertArrayEquals(expected.get(i).tensor().toFloatArray(),
                            features.get(i).tensor().toFloatArray(), method);
                }
            }
            assertEquals(method.equals("concat") ? 48 : 16, model.outChannels().getFirst());
        }
    }

    @Test
    void whatIsGivenIsNotGenerated() {
        TerraMindTiM model = model(Map.of("tim_modalities", List.of("LULC", "NDVI")));
        List<Long> vocabularies = new ArrayList<>();
        GenerationSampler.Trace trace = (_, _, logits, _) -> vocabularies.add(logits.dim(2));
        model.forward(scope, images(), Optional.empty(), trace);
        assertEquals(List.of(4375L, 15360L), vocabularies);
        vocabularies.clear();
        Input more = images().with("LULC", scope.of(new long[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2));
        model.forward(scope, more, Optional.empty(), trace);
        assertEquals(List.of(15360L), vocabularies);
    }

    /** Neither on the seed of the process nor on the batch: an image has the same features wherever it stands. */
    @Test
    void featuresDependOnTheSeedAndNotOnTheBatch() {
        TerraMindTiM model = model(Map.of("tim_decoding_steps", 2));
        float[] both = model.forward(scope, images()).getLast().tensor().toFloatArray();
        for (int i = 0; i < 2; i++) {
            Input one = input("S1GRD", pixels(scope, 1, 2, 2, 32, 32).slice(0, i, i + 1),
                    "DEM", pixels(scope, 2, 2, 1, 32, 32).slice(0, i, i + 1));
            assertArrayEquals(Arrays.copyOfRange(both, i * 64, (i + 1) * 64),
                    model.forward(scope, one).getLast().tensor().toFloatArray());
        }
        float[] other = model(Map.of("tim_decoding_steps", 2, "tim_seed", 1)).forward(scope, images()).getLast()
                .tensor().toFloatArray();
        assertFalse(Arrays.equals(both, other), "the seed does not count");
    }

    /** Coordinates are a text of at most four tokens behind the images. */
    @Test
    void textsAreThoughtOfToo() {
        Map<String, Object> none = new HashMap<>(Collections.singletonMap("merge_method", null));
        none.put("tim_modalities", List.of("Coordinates"));
        TerraMindTiM model = model(none);
        List<long[]> found = new ArrayList<>();
        Tensor tokens = model.forward(scope, images(), Optional.empty(), (_, _, _, ids) -> found.add(ids)).getLast()
                .tensor();
        assertEquals(4, found.size());
        assertEquals(Shape.of(2, 12, 16), tokens.shape());
    }

    /** The generator sees a text up to its end, whatever the mask. */
    @Test
    void masksOfTextsAreThoseOfTheEncoder() {
        Map<String, Object> none = new HashMap<>(Collections.singletonMap("merge_method", null));
        none.put("modalities", List.of("S1GRD", "coords"));
        TerraMindTiM model = model(none);
        List<float[]> scores = new ArrayList<>();
        List<float[]> features = new ArrayList<>();
        for (boolean hidden : List.of(false, true)) {
            Input input = input("S1GRD", pixels(scope, 1, 1, 2, 32, 32), "coords",
                    scope.of(new long[] {11, 12, 3, 13}, 1, 4), "coords_input_mask",
                    scope.ofBooleans(new boolean[] {false, hidden, false, true}, 1, 4));
            features.add(model.forward(scope, input, Optional.empty(),
                    (_, _, logits, _) -> scores.add(logits.toFloatArray())).getLast().tensor().toFloatArray());
        }
        assertEquals(2, scores.size());
        assertArrayEquals(scores.getFirst(), scores.getLast());
        assertFalse(Arrays.equals(features.getFirst(), features.getLast()), "the mask does not count");
    }

    /** Registers and norms of queries and keys in both networks; the generator's encoder has its norm in any case. */
    @Test
    void otherNetworksThinkToo() {
        TerraMindTiM model = model(Map.of("encoder_norm", false, "num_register_tokens", 3, "qk_norm", true,
                "gated_mlp", true, "act", "SiLU", "merge_method", "dict", "tim_decoding_steps", 2));
        Feature.ByModality last = (Feature.ByModality) model.forward(scope, images()).getLast();
        assertEquals(List.of("register_tokens", "S1GRD", "DEM"), List.copyOf(last.values().keySet()));
        assertEquals(Shape.of(2, 3, 16), last.values().get("register_tokens").shape());
        for (float value : last.values().get("DEM").toFloatArray()) {
            assertTrue(Float.isFinite(value));
        }
    }

    /** Maps of classes go through a tokenizer whose weights are there. */
    @Test
    void mapsGoThroughTheirTokenizers() {
        TerraMindTiM model = model(Map.of("tokenizers", true));
        long[] classes = new long[2 * 32 * 32];
        Arrays.setAll(classes, i -> i % 10);
        Tensor map = scope.of(classes, 2, 1, 32, 32);
        List<Integer> steps = new ArrayList<>();
        float[] raw = model.forward(scope, images().with("LULC", map), Optional.empty(),
                (step, _, _, _) -> steps.add(step)).getLast().tensor().toFloatArray();
        assertTrue(steps.isEmpty());
        TerraMindTiMConfig config = tim(Map.of("tokenizers", true));
        StateDict state = StateDict.of(Structure.of(TerraMindTiM.loader(config)::load).random(4));
        TerraMindViT encoder = TerraMindViT.loader(config.encoder()).load(scope, state);
        Tensor numbers = encoder.tokenizers().tokens(scope, LULC, map);
        assertArrayEquals(raw,
                model.forward(scope, images().with("LULC", numbers)).getLast().tensor().toFloatArray());
    }

    /** Both networks standardise the same images. */
    @Test
    void imagesAreStandardisedOnce() {
        TerraMindTiM model = model(Map.of("modalities", List.of("DEM")));
        TerraMindTiM own = model(Map.of("modalities", List.of("DEM"), "standardize", true));
        Tensor metres = scope.full(DType.F32, 500, 1, 1, 32, 32);
        Tensor standard = scope.full(DType.F32, (500 - 670.665) / 951.272, 1, 1, 32, 32);
        assertArrayEquals(model.forward(scope, Input.of(standard)).getLast().tensor().toFloatArray(),
                own.forward(scope, Input.of(metres)).getLast().tensor().toFloatArray(), 1e-5f);
        refuses(ArgumentException.class, () -> own.forward(scope, Input.of(
                scope.full(DType.F32, 20000, 1, 1, 32, 32))), "expected elevation in metres");
    }

    /** Though there is nothing left to be generated, whose scores would tell it. */
    @Test
    void inputsWithNanAreRefused() {
        TerraMindTiM model = model(Map.of());
        Tensor nan = scope.full(DType.F32, Double.NaN, 2, 1, 32, 32);
        refuses(ArgumentException.class, () -> model.forward(scope, input("DEM", nan)), "DEM has values from NaN");
        Input wrong = images().with("LULC", scope.of(new long[] {1, 2, 3, 4, 5, 6, 7, -1}, 2, 2, 2));
        refuses(ArgumentException.class, () -> model.forward(scope, wrong), "token numbers below 4375");
    }

    /** Every weight of the published file goes to both networks, if both have it. */
    @Test
    void publishedFilesAreTakenTwice() {
        TerraMindTiMConfig config = tim(Map.of("merge_method", "concat"));
        Checkpoint whole = Structure.of(TerraMindTiM.loader(config)::load).random(4);
        Map<String, TensorData> published = new LinkedHashMap<>();
        whole.tensors().forEach((name, data) -> {
            if (name.startsWith("sampler.model.")) {
                published.put(name.substring("sampler.model.".length()), data);
            }
        });
        for (String part : List.of("token_emb.weight", "mod_emb", "pos_emb")) {
            String name = "encoder_embeddings." + LULC + "." + part;
            published.put(name, whole.tensors().get(name));
        }
        Checkpoint file = new Checkpoint("published", "", published, Map.of());
        TerraMindCheckpoint filled = TerraMindGenerationCheckpoint.of(file, Map.of(), config);
        assertEquals(whole.tensors().keySet(), filled.weights().tensors().keySet());
        assertEquals(List.of("missing_mod_token"), filled.computed());
        assertEquals(List.of(), filled.unused());
        Map<String, TensorData> tensors = filled.weights().tensors();
        assertEquals(tensors.get("encoder.1.mlp.fc1.weight"), tensors.get("sampler.model.encoder.1.mlp.fc1.weight"));
        TerraMindTiM.loader(config).load(scope, filled.weights()).forward(scope, images());
        published.remove("decoder_norm.weight");
        String text = assertThrows(CheckpointException.class, () -> TerraMindGenerationCheckpoint.of(
                new Checkpoint("published", "", published, Map.of()), Map.of(), config)).getMessage();
        assertTrue(text.contains("sampler.model.decoder_norm.weight"), text);
    }

    @Test
    void imagesOfOtherStridesGiveTheSame() {
        TerraMindTiM model = model(Map.of("modalities", List.of("S1GRD")));
        Tensor last = pixels(scope, 1, 2, 32, 48, 2).permute(0, 3, 1, 2);
        assertArrayEquals(
                model.forward(scope, Input.of(Kernels.copy(scope, last))).getLast().tensor().toFloatArray(),
                model.forward(scope, Input.of(last)).getLast().tensor().toFloatArray());
    }
}
