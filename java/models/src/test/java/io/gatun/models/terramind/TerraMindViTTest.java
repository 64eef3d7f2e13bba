// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import static io.gatun.models.TestInputs.input;
import static io.gatun.models.TestInputs.pixels;
import static io.gatun.models.TestInputs.refuses;
import static io.gatun.models.terramind.TerraMindModels.config;
import static io.gatun.models.terramind.TerraMindModels.last;
import static io.gatun.models.terramind.TerraMindModels.load;
import static io.gatun.models.terramind.TerraMindModels.named;
import static io.gatun.models.terramind.TerraMindModels.structure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.TestInputs;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerraMindViTTest {
    /** Blocks as counted from upstream, embeddings (256 (12 + 2) + 2) E, a norm of E, the tokens' vocabularies. */
    @ParameterizedTest
    @CsvSource({"terramind_v1_tiny, 192, 12, 5333760", "terramind_v1_small, 384, 12, 21284352",
            "terramind_v1_base, 768, 12, 84953088", "terramind_v1_large, 1024, 24, 301989888",
            "terramind_v01_base, 768, 12, 84953088"})
    void publishedSizesHaveUpstreamsWeights(String name, long dim, int depth, long blocks) {
        boolean gated = dim >= 768;
        Map<String, Shape> expected = new TreeMap<>();
        Map.of("untok_sen2l2a@224", 12, "untok_sen1grd@224", 2).forEach((key, channels) -> {
            String embedding = "encoder_embeddings." + key;
            expected.put(embedding + ".mod_emb", Shape.of(1, 1, dim));
            expected.put(embedding + ".pos_emb", Shape.of(1, 196, dim));
            expected.put(embedding + ".proj.weight", Shape.of(dim, 256L * channels));
        });
        expected.put("encoder_embeddings.tok_lulc@224.mod_emb", Shape.of(1, 1, dim));
        expected.put("encoder_embeddings.tok_lulc@224.pos_emb", Shape.of(1, 196, dim));
        expected.put("encoder_embeddings.tok_lulc@224.token_emb.weight", Shape.of(4375, dim));
        expected.put("encoder_embeddings.coords.mod_emb", Shape.of(1, 1, dim));
        expected.put("encoder_embeddings.coords.pos_emb", Shape.of(1, 512, dim));
        expected.put("encoder_embeddings.coords.token_emb.weight", Shape.of(30000, dim));
        long hidden = gated ? 2 * 4 * dim / 3 : 4 * dim;
        for (int i = 0; i < depth; i++) {
            String block = "encoder." + i + ".";
            norm(expected, block + "norm1", dim);
            norm(expected, block + "norm2", dim);
            layer(expected, block + "attn.qkv", !gated, 3 * dim, dim);
            layer(expected, block + "attn.proj", !gated, dim, dim);
            layer(expected, block + "mlp.fc1", !gated, hidden, dim);
            layer(expected, block + "mlp.fc2", !gated, dim, hidden);
            if (gated) {
                layer(expected, block + "mlp.fc3", false, hidden, dim);
            }
        }
        norm(expected, "encoder_norm", dim);
        Structure structure =
                structure(named(name, Map.of("modalities", List.of("S2L2A", "S1GRD", "LULC", "coords"))));
        Map<String, Shape> found = new TreeMap<>();
        structure.weights().forEach((key, entry) -> found.put(key, entry.shape()));
        assertEquals(expected, found);
        assertEquals(blocks + (256 * 14 + 4375 + 30000 + 4 + 1) * dim, structure.parameterCount());
    }

    private static void norm(Map<String, Shape> weights, String layer, long width) {
        weights.put(layer + ".weight", Shape.of(width));
        weights.put(layer + ".bias", Shape.of(width));
    }

    private static void layer(Map<String, Shape> weights, String layer, boolean bias, long outputs, long inputs) {
        weights.put(layer + ".weight", Shape.of(outputs, inputs));
        if (bias) {
            weights.put(layer + ".bias", Shape.of(outputs));
        }
    }

    @Test
    void publishedSizesGiveTokensOfAllBlocks() {
        for (String name : TerraMindConfig.names()) {
            TerraMindConfig config = named(name, Map.of("modalities", List.of("S2L2A", "S1GRD", "LULC"),
                    "merge_method", "concat"));
            onMeta(config, (scope, model) -> {
                Input both = input("S2L2A", scope.empty(DType.F32, 2, 12, 224, 224),
                        "LULC", scope.empty(DType.I64, 2, 14, 14));
                List<Feature> features = model.forward(scope, both);
                assertEquals(config.size().encoderDepth(), features.size());
                features.forEach(f -> assertEquals(Shape.of(2, 196, 3L * config.size().dim()), f.tensor().shape()));
                assertEquals(features.size(), model.outChannels().size());
                assertEquals(3 * config.size().dim(), model.outChannels().getFirst());
                assertEquals(16, model.patchSize().orElseThrow());
                assertEquals(List.of("S2L2A", "S1GRD"),
                        List.copyOf(model.example(scope).orElseThrow().modalities().keySet()));
            });
        }
    }

    private interface MetaTest {
        void run(Scope scope, TerraMindViT model);
    }

    private static void onMeta(TerraMindConfig config, MetaTest test) {
        Structure.of((scope, state) -> {
            test.run(scope, TerraMindViT.loader(config).load(scope, state));
            return config;
        });
    }

    @Test
    void anySizeOfWholePatchesIsTaken() {
        onMeta(named("terramind_v1_tiny", Map.of("modalities", List.of("S2L2A", "DEM"))), (scope, model) -> {
            for (long[] size : new long[][] {{160, 160}, {224, 224}, {256, 512}, {512, 16}}) {
                Input both = input("S2L2A", scope.empty(DType.F32, 1, 12, size[0], size[1]),
                        "DEM", scope.empty(DType.F32, 1, 1, size[0], size[1]));
                assertEquals(Shape.of(1, size[0] / 16 * (size[1] / 16), 192),
                        model.forward(scope, both).getLast().tensor().shape());
            }
        });
    }

    /** As a dictionary, by keyword, beside a first image, and under another spelling. */
    @Test
    void allFormsOfInputGiveTheSame() {
        TerraMindConfig config = config(List.of("S2L2A", "S1GRD"), Map.of());
        try (Scope scope = Scope.open(Device.cpu())) {
            TerraMindViT model = load(scope, config);
            Tensor s2 = pixels(scope, 1, 2, 12, 32, 32);
            Tensor s1 = pixels(scope, 2, 2, 2, 32, 32);
            float[] expected = last(scope, model, input("S2L2A", s2, "S1GRD", s1));
            assertArrayEquals(expected, last(scope, model, Input.of("S2L2A", s2).with("S1GRD", s1)));
            assertArrayEquals(expected, last(scope, model, Input.of(s2).with("S1GRD", s1)));
            TerraMindConfig spelled = config(List.of("s2l2a", "my sen1grd"), Map.of());
            assertArrayEquals(expected, last(scope, load(scope, spelled), input("s2l2a", s2, "my sen1grd", s1)));
            TerraMindViT one = load(scope, config(List.of("S2L2A"), Map.of()));
            assertArrayEquals(last(scope, one, Input.of("S2L2A", s2)), last(scope, one, Input.of(s2)));
        }
    }

    /** Upstream puts an empty first modality before the named one, and fails. */
    @Test
    void anotherThanTheFirstModalityCanBeGivenByName() {
        TerraMindConfig config = config(List.of("S2L2A", "S1GRD"), Map.of());
        TerraMindConfig alone = config(List.of("S1GRD"), Map.of());
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor s1 = pixels(scope, 2, 2, 2, 32, 32);
            TerraMindCheckpoint part = TerraMindCheckpoint.of(TerraMindModels.random(config), alone);
            assertArrayEquals(last(scope, load(scope, part.weights(), alone), Input.of(s1)),
                    last(scope, load(scope, config), Input.of("S1GRD", s1)));
        }
    }

    /** The token's place is the end of the channels, whatever is absent; corrected, it is that of the modality. */
    @Test
    void absentModalitiesHaveTheirPlaceWhereCorrected() {
        Map<String, Object> concat = Map.of("merge_method", "concat");
        Map<String, Object> corrected = Map.of("merge_method", "concat", "corrected", true);
        List<String> modalities = List.of("DEM", "S1GRD");
        try (Scope scope = Scope.open(Device.cpu())) {
            TerraMindConfig config = config(modalities, concat);
            float[] token = StateDict.of(TerraMindModels.random(config)).takeFloats("missing_mod_token", 16);
            TerraMindViT upstream = load(scope, config);
            TerraMindViT ours = load(scope, config(modalities, corrected));
            Tensor dem = pixels(scope, 1, 1, 1, 32, 32);
            Tensor s1 = pixels(scope, 2, 1, 2, 32, 32);
            float[] atEnd = last(scope, upstream, Input.of("S1GRD", s1));
            float[] inPlace = last(scope, ours, Input.of("S1GRD", s1));
            for (int i = 0; i < 4; i++) {
                int at = 32 * i;
                assertArrayEquals(token, Arrays.copyOfRange(atEnd, at + 16, at + 32));
                assertArrayEquals(token, Arrays.copyOfRange(inPlace, at, at + 16));
                assertArrayEquals(Arrays.copyOfRange(atEnd, at, at + 16),
                        Arrays.copyOfRange(inPlace, at + 16, at + 32));
            }
            assertArrayEquals(last(scope, upstream, Input.of("DEM", dem)), last(scope, ours, Input.of("DEM", dem)));
            float[] swapped = last(scope, upstream, input("S1GRD", s1, "DEM", dem));
            float[] ordered = last(scope, ours, input("S1GRD", s1, "DEM", dem));
            assertArrayEquals(Arrays.copyOfRange(swapped, 0, 16), Arrays.copyOfRange(ordered, 16, 32));
            assertArrayEquals(Arrays.copyOfRange(swapped, 16, 32), Arrays.copyOfRange(ordered, 0, 16));
        }
    }

    /** Upstream counts a sequence as a modality that is there, so that channels are lacking. */
    @Test
    void sequencesTakeThePlaceOfAbsentImagesUnlessCorrected() {
        List<String> modalities = List.of("DEM", "S1GRD", "coords");
        for (boolean corrected : List.of(false, true)) {
            onMeta(config(modalities, Map.of("merge_method", "concat", "corrected", corrected)), (scope, model) -> {
                Input given = input("DEM", scope.empty(DType.F32, 1, 1, 32, 32), "coords",
                        scope.empty(DType.I64, 1, 4));
                assertEquals(Shape.of(1, 4, corrected ? 32 : 16),
                        model.forward(scope, given).getLast().tensor().shape());
                assertEquals(32, model.outChannels().getFirst());
            });
        }
    }

    @Test
    void absentModalitiesAreSimplyAbsentFromMeanMaxAndDictionary() {
        for (String method : List.of("mean", "max", "dict", "none")) {
            onMeta(config(List.of("DEM", "S1GRD"), Map.of("merge_method", method)), (scope, model) -> {
                Feature feature = model.forward(scope, Input.of("S1GRD", scope.empty(DType.F32, 1, 2, 32, 32)))
                        .getLast();
                Tensor tokens = feature instanceof Feature.ByModality several
                        ? several.values().sequencedEntrySet().getFirst().getValue() : feature.tensor();
                assertEquals(Shape.of(1, 4, 16), tokens.shape());
            });
        }
    }

    /** One patch embedding under two names: the values are those of one name twice. */
    @Test
    void aPatchEmbeddingServesTwoNames() {
        TerraMindConfig config = config(List.of("DEM", "dem_old"), Map.of("merge_method", "dict"));
        assertEquals(3 + 3 * 12 + 2, structure(config).weights().size());
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor dem = pixels(scope, 1, 1, 1, 32, 32);
            Feature.ByModality both = (Feature.ByModality) load(scope, config)
                    .forward(scope, input("DEM", dem, "dem_old", dem)).getLast();
            assertArrayEquals(both.values().get("DEM").toFloatArray(), both.values().get("dem_old").toFloatArray());
        }
    }

    @Test
    void theEpsilonOfTheNormsIsAnArgument() {
        TerraMindConfig half = config(List.of("DEM"), Map.of("layer_norm_eps", 0.5));
        TerraMindConfig usual = config(List.of("DEM"), Map.of());
        Checkpoint weights = TerraMindModels.random(half);
        Checkpoint without = TestInputs.withoutBlocks(weights);
        try (Scope scope = Scope.open(Device.cpu())) {
            Input image = Input.of(pixels(scope, 1, 1, 1, 32, 32));
            for (TerraMindConfig config : List.of(half, usual)) {
                List<Feature> features = load(scope, without, config).forward(scope, image);
                TestInputs.isNorm(features.getFirst().tensor(), StateDict.of(weights).at("encoder_norm"),
                        config.size().eps(), features.getLast().tensor());
            }
            assertFalse(Arrays.equals(
                    load(scope, weights, half).forward(scope, image).getFirst().tensor().toFloatArray(),
                    load(scope, weights, usual).forward(scope, image).getFirst().tensor().toFloatArray()));
        }
        refuses(ArgumentException.class, () -> config(List.of("DEM"), Map.of("layer_norm_eps", 1)), "layer_norm_eps");
    }

    /** Images of img_size have the positions of the weights as they are; of others if those could be a square. */
    @Test
    void imagesOfTheWeightsNeedNotBeSquare() {
        TerraMindConfig wide = config(List.of("DEM"), Map.of("img_size", List.of(16, 64)));
        TerraMindConfig square = config(List.of("DEM"), Map.of());
        String name = "encoder_embeddings.untok_dem@224.pos_emb";
        try (Scope scope = Scope.open(Device.cpu())) {
            assertEquals(Shape.of(1, 4, 16), structure(wide).weights().get(name).shape());
            Checkpoint weights = TerraMindModels.random(wide);
            float[] table = StateDict.of(weights).takeFloats(name, 1, 4, 16);
            TerraMindViT model = load(scope, weights, wide);
            assertEquals(Shape.of(1, 1, 16, 64), model.example(scope).orElseThrow().image().shape());
            // Of one colour, the patches of both have the same numbers.
            Tensor four = scope.full(DType.F32, 0.5, 1, 1, 16, 64);
            Tensor block = scope.full(DType.F32, 0.5, 1, 1, 32, 32);
            assertArrayEquals(last(scope, load(scope, weights, square), Input.of(block)),
                    last(scope, model, Input.of(four)));
            Checkpoint resampled =
                    TestInputs.with(weights, name, TerraMindPositions.resampled(table, 16, 3, 3), 1, 9, 16);
            assertArrayEquals(last(scope, load(scope, resampled, config(List.of("DEM"), Map.of("img_size", 48))),
                    Input.of(pixels(scope, 1, 1, 1, 48, 48))),
                    last(scope, model, Input.of(pixels(scope, 1, 1, 1, 48, 48))), 1e-5f);
            TerraMindConfig six = config(List.of("DEM"), Map.of("img_size", List.of(32, 48)));
            refuses(ShapeException.class, () -> load(scope, six).forward(scope, Input.of(block)),
                    "6 positions, which are no square");
            assertArrayEquals(TerraMindPositions.image(1, 4, 16), StateDict.of(TerraMindCheckpoint.of(
                    TerraMindModels.random(config(List.of("DEM"), Map.of("img_size", 48))), wide).weights())
                    .takeFloats(name, 1, 4, 16));
        }
    }

    /** Upstream takes as many numbers as a square has for one, whatever rows and columns they came in. */
    @Test
    void tokenNumbersThatCouldBeASquareAreOneUnlessCorrected() {
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor row = scope.of(new long[] {1, 2, 3, 4}, 1, 1, 4);
            Tensor flat = scope.of(new long[] {1, 2, 3, 4}, 1, 4);
            TerraMindViT model = load(scope, config(List.of("LULC"), Map.of()));
            TerraMindViT corrected = load(scope, config(List.of("LULC"), Map.of("corrected", true)));
            float[] square = last(scope, model, Input.of("LULC", flat));
            assertArrayEquals(square, last(scope, model, Input.of("LULC", row)));
            assertArrayEquals(square, last(scope, corrected, Input.of("LULC", flat)));
            assertFalse(Arrays.equals(square, last(scope, corrected, Input.of("LULC", row))));
        }
    }

    /** A tensor is the first modality, a dictionary has that of the name. */
    @Test
    void anUnnamedImageIsTheFirstModalityWhateverIsCalledImage() {
        TerraMindConfig config = config(List.of("DEM", Map.of("image", 1)), Map.of());
        try (Scope scope = Scope.open(Device.cpu())) {
            TerraMindViT model = load(scope, config);
            Tensor image = pixels(scope, 1, 1, 1, 32, 32);
            assertArrayEquals(last(scope, model, Input.of("DEM", image)), last(scope, model, Input.of(image)));
            assertFalse(Arrays.equals(last(scope, model, Input.of("image", image)),
                    last(scope, model, Input.of(image))));
            refuses(ArgumentException.class, () -> load(scope, config(List.of("DEM"), Map.of()))
                    .forward(scope, Input.of("image", image)), "\"image\", which is not among the modalities");
        }
    }

    @Test
    void maskedTokensOfASequenceHaveNoPosition() {
        TerraMindConfig config = config(List.of("caption"), Map.of("merge_method", "dict"));
        try (Scope scope = Scope.open(Device.cpu())) {
            TerraMindViT model = load(scope, config);
            Tensor ids = scope.of(new long[] {7, 8, 9}, 1, 3);
            boolean[][] masks = {{false, false, false}, {true, false, false}};
            float[] bare = caption(scope, model, Input.of("caption", ids));
            assertArrayEquals(bare, caption(scope, model,
                    Input.of("caption", ids).with("caption_input_mask", scope.ofBooleans(masks[0], 1, 3))));
            float[] masked = caption(scope, model,
                    Input.of("caption", ids).with("caption_input_mask", scope.ofBooleans(masks[1], 1, 3)));
            assertFalse(Arrays.equals(bare, masked));
            refuses(ShapeException.class, () -> model.forward(scope, Input.of("caption", ids)
                    .with("caption_input_mask", scope.ofBooleans(new boolean[2], 1, 2))), "[1, 2]", "[1, 3]");
        }
    }

    private static float[] caption(Scope scope, TerraMindViT model, Input input) {
        Feature.ByModality all = (Feature.ByModality) model.forward(scope, input).getLast();
        return all.values().get("caption").toFloatArray();
    }

    @Test
    void standardisedImagesAreThoseOfTheStatistics() {
        List<String> bands = List.of("SWIR_1", "BLUE");
        Map<String, Object> given = Map.of("bands", Map.of("S2L2A", bands));
        Map<String, Object> raw = Map.of("bands", Map.of("S2L2A", bands), "standardize", true);
        try (Scope scope = Scope.open(Device.cpu())) {
            float[] numbers = new float[2 * 32 * 32];
            float[] standard = new float[numbers.length];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = i % 1024 * 7;
                standard[i] = i < 1024 ? (numbers[i] - 2424.884f) / 1434.261f : (numbers[i] - 1503.317f) / 2141.107f;
            }
            float[] expected = last(scope, load(scope, config(List.of("S2L2A"), given)),
                    Input.of(scope.of(standard, 1, 2, 32, 32)));
            TerraMindViT model = load(scope, config(List.of("S2L2A"), raw));
            assertArrayEquals(expected, last(scope, model, Input.of(scope.of(numbers, 1, 2, 32, 32))), 1e-5f);
            Input wrong = Input.of(scope.of(standard, 1, 2, 32, 32));
            refuses(ArgumentException.class, () -> model.forward(scope, wrong), "S2L2A has values", "standardised");
        }
    }

    @Test
    void batchAndThreadsDoNotChangeABit() {
        float[] together = run(2, 0, 3);
        assertArrayEquals(together, run(1, 0, 3), "one thread");
        assertArrayEquals(together, run(5, 0, 3), "five threads");
        for (int b = 0; b < 3; b++) {
            float[] alone = run(2, b, b + 1);
            assertArrayEquals(Arrays.copyOfRange(together, b * alone.length, (b + 1) * alone.length), alone,
                    "sample " + b);
        }
    }

    private static float[] run(int threads, int from, int to) {
        TerraMindConfig config = config(List.of("S1GRD", "DEM", "LULC", "coords"), Map.of("gated_mlp", true,
                "act", "SiLU", "num_register_tokens", 2));
        try (Device device = Device.cpu(new CpuOptions(threads, CpuLevel.AUTO, 0)); Scope scope = Scope.open(device)) {
            Tensor ids = scope.of(new long[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 3, 2, 2);
            return last(scope, load(scope, config), input(
                    "S1GRD", pixels(scope, 1, 3, 2, 32, 32).slice(0, from, to),
                    "DEM", pixels(scope, 2, 3, 1, 32, 32).slice(0, from, to), "LULC", ids.slice(0, from, to),
                    "coords", ids.reshape(3, 4).slice(0, from, to)));
        }
    }

    @Test
    void imagesOfOtherStridesGiveTheSame() {
        try (Scope scope = Scope.open(Device.cpu())) {
            TerraMindViT model = load(scope, config(List.of("S1GRD"), Map.of()));
            Tensor last = pixels(scope, 1, 2, 32, 48, 2).permute(0, 3, 1, 2);
            assertArrayEquals(last(scope, model, Input.of(Kernels.copy(scope, last))),
                    last(scope, model, Input.of(last)));
        }
    }

    /** The page of upstream gives a Sentinel-2 image as S1GRD. */
    @Test
    void theImageOfAnotherModalityIsRefused() {
        onMeta(named("terramind_v1_base", Map.of("modalities", List.of("S2L2A", "S1GRD"))), (scope, model) -> {
            Tensor s2 = scope.empty(DType.F32, 1, 12, 224, 224);
            refuses(ShapeException.class, () -> model.forward(scope, Input.of("S2L2A", s2).with("S1GRD", s2)),
                    "S1GRD has shape [1, 12, 224, 224], 12 channels", "takes 2: VV, VH");
        });
    }

    @Test
    void inputsThatDoNotFitAreRefused() {
        List<String> modalities = List.of("S2L2A", "S1GRD", "LULC", "coords");
        onMeta(config(modalities, Map.of()), (scope, model) -> {
            Tensor s2 = scope.empty(DType.F32, 2, 12, 32, 32);
            Tensor s1 = scope.empty(DType.F32, 2, 2, 32, 32);
            refuses(ArgumentException.class, () -> model.forward(scope, Input.of("S1_GRD", s1)), "\"S1_GRD\"",
                    "did you mean S1GRD?");
            refuses(ShapeException.class,
                    () -> model.forward(scope, Input.of(scope.empty(DType.F32, 2, 12, 3, 32, 32))),
                    "S2L2A has shape [2, 12, 3, 32, 32], expected [B, C, H, W]");
            refuses(ShapeException.class, () -> model.forward(scope, Input.of(scope.empty(DType.F32, 2, 12, 40, 32))),
                    "40 rows", "pad it to 48");
            refuses(ShapeException.class, () -> model.forward(scope, Input.of(scope.empty(DType.F32, 0, 12, 32, 32))),
                    "at least one sample");
            refuses(DTypeException.class, () -> model.forward(scope, Input.of(scope.empty(DType.I16, 2, 12, 32, 32))),
                    "expected float32");
            refuses(ShapeException.class, () -> model.forward(scope,
                    input("S2L2A", s2, "S1GRD", scope.empty(DType.F32, 1, 2, 32, 32))), "as many samples");
            refuses(ShapeException.class, () -> model.forward(scope,
                    input("S2L2A", s2, "S1GRD", scope.empty(DType.F32, 2, 2, 32, 48))), "S2L2A has 4 tokens",
                    "S1GRD 6", "dict");
            refuses(DTypeException.class, () -> model.forward(scope, Input.of("LULC", s1)), "tokenise the map first",
                    "{LULC: channels}");
            refuses(ShapeException.class, () -> model.forward(scope,
                    Input.of("LULC", scope.empty(DType.I64, 2, 6))), "6 patches", "no square");
            refuses(ShapeException.class, () -> model.forward(scope,
                    Input.of("coords", scope.empty(DType.I64, 2, 513))), "at most 512");
            refuses(DTypeException.class, () -> model.forward(scope,
                    Input.of("coords", scope.empty(DType.F32, 2, 2))), "numbers of its text tokenizer");
            refuses(ArgumentException.class, () -> model.forward(scope,
                    Input.of("coords", scope.empty(DType.I64, 2, 4))), "the input has no image", "merge_method mean");
        });
    }

    /** Beside an image of as many patches. */
    @Test
    void tokenNumbersNeedNotBeASquare() {
        try (Scope scope = Scope.open(Device.cpu())) {
            TerraMindViT model = load(scope, config(List.of("S1GRD", "LULC"), Map.of()));
            Tensor s1 = pixels(scope, 1, 1, 2, 32, 48);
            long[] ids = {1, 2, 3, 4, 5, 6};
            float[] wide = last(scope, model, input("S1GRD", s1, "LULC", scope.of(ids, 1, 2, 3)));
            float[] high = last(scope, model, input("S1GRD", s1, "LULC", scope.of(ids, 1, 3, 2)));
            assertEquals(6 * 16, wide.length);
            assertFalse(Arrays.equals(wide, high), "positions do not count");
        }
    }

    @Test
    void unknownInputsAreLeftOutOnDemand() {
        onMeta(config(List.of("S1GRD"), Map.of("ignore_unknown", true)), (scope, model) -> {
            Tensor s1 = scope.empty(DType.F32, 1, 2, 32, 32);
            assertEquals(Shape.of(1, 4, 16),
                    model.forward(scope, input("S3", s1, "S1GRD", s1)).getLast().tensor().shape());
            refuses(ArgumentException.class, () -> model.forward(scope, Input.of("S3", s1)),
                    "No valid inputs provided: got S3, expected at least one of S1GRD");
        });
    }
}
