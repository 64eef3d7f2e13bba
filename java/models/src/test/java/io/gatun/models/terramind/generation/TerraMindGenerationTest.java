// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import static io.gatun.models.TestInputs.input;
import static io.gatun.models.TestInputs.pixels;
import static io.gatun.models.TestInputs.refuses;
import static io.gatun.models.terramind.generation.Generators.DEM;
import static io.gatun.models.terramind.generation.Generators.LULC;
import static io.gatun.models.terramind.generation.Generators.NDVI;
import static io.gatun.models.terramind.generation.Generators.generator;
import static io.gatun.models.terramind.generation.Generators.named;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Kernels;
import io.gatun.core.MemoryStats;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.terramind.Pretraining;
import io.gatun.models.terramind.PretrainingStatistics;
import io.gatun.models.terramind.TerraMindCheckpoint;
import io.gatun.models.terramind.TerraMindEncoderDecoder;
import io.gatun.models.terramind.TerraMindModality;
import io.gatun.models.terramind.tokenizer.CaptionTokenizer;
import io.gatun.models.terramind.tokenizer.CoordinatesTokenizer;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import io.gatun.models.terramind.tokenizer.WordPiece;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerraMindGenerationTest {
    private static final GenerateOptions DEFAULTS = GenerateOptions.defaults();

    private final Scope scope = Scope.open(Device.cpu());

    @AfterEach
    void close() {
        scope.close();
    }

    private static final PretrainingStatistics PUBLISHED = PretrainingStatistics.of(Pretraining.V1);

    private TerraMindGeneration model(Map<String, ?> more) {
        return Generators.random(scope, TerraMindGeneration.loader(generator(more)));
    }

    private Input images(int batch) {
        return input("S1GRD", pixels(scope, 1, 3, 2, 32, 32).slice(0, 0, batch),
                "DEM", pixels(scope, 2, 3, 1, 32, 32).slice(0, 0, batch));
    }

    @Test
    void interruptsEndGeneration() {
        TerraMindGeneration model = model(Map.of());
        try {
            refuses(InterruptedRunException.class, () -> model.generate(scope, images(1), DEFAULTS, Optional.empty(),
                    (_, _, _, _) -> Thread.currentThread().interrupt()), "was interrupted");
        } finally {
            Thread.interrupted();
        }
    }

    private static void layer(Map<String, Shape> weights, String layer, boolean bias, long outputs, long inputs) {
        weights.put(layer + ".weight", Shape.of(outputs, inputs));
        if (bias) {
            weights.put(layer + ".bias", Shape.of(outputs));
        }
    }

    private static void norm(Map<String, Shape> weights, String layer, long width) {
        weights.put(layer + ".weight", Shape.of(width));
        weights.put(layer + ".bias", Shape.of(width));
    }

    private static void mlp(Map<String, Shape> weights, String block, boolean gated, long dim, long hidden) {
        norm(weights, block + "norm1", dim);
        norm(weights, block + "norm2", dim);
        layer(weights, block + "mlp.fc1", !gated, hidden, dim);
        layer(weights, block + "mlp.fc2", !gated, dim, hidden);
        if (gated) {
            layer(weights, block + "mlp.fc3", false, hidden, dim);
        }
    }

    /** Upstream's names of S2L2A to LULC, and its number of parameters, of which tied ones count once. */
    @ParameterizedTest
    @CsvSource({"terramind_v1_tiny, 192, 12, 4", "terramind_v1_small, 384, 12, 6", "terramind_v1_base, 768, 12, 12",
            "terramind_v1_large, 1024, 24, 24", "terramind_v01_base, 768, 12, 12"})
    void publishedSizesHaveUpstreamsWeights(String name, long dim, int depth, int decoderDepth) {
        boolean gated = dim >= 768;
        long hidden = gated ? 2 * 4 * dim / 3 : 4 * dim;
        Map<String, Shape> expected = new TreeMap<>();
        expected.put("encoder_embeddings.untok_sen2l2a@224.mod_emb", Shape.of(1, 1, dim));
        expected.put("encoder_embeddings.untok_sen2l2a@224.pos_emb", Shape.of(1, 196, dim));
        expected.put("encoder_embeddings.untok_sen2l2a@224.proj.weight", Shape.of(dim, 256L * 12));
        expected.put("decoder_embeddings.tok_lulc@224.mod_emb", Shape.of(1, 1, dim));
        expected.put("decoder_embeddings.tok_lulc@224.pos_emb", Shape.of(1, 196, dim));
        expected.put("decoder_embeddings.tok_lulc@224.to_logits.weight", Shape.of(4375, dim));
        expected.put("decoder_embeddings.tok_lulc@224.token_emb.weight", Shape.of());
        expected.put("mask_token", Shape.of(1, 1, dim));
        layer(expected, "decoder_proj_context", true, dim, dim);
        norm(expected, "encoder_norm", dim);
        norm(expected, "decoder_norm", dim);
        for (int i = 0; i < depth; i++) {
            mlp(expected, "encoder." + i + ".", gated, dim, hidden);
            layer(expected, "encoder." + i + ".attn.qkv", !gated, 3 * dim, dim);
            layer(expected, "encoder." + i + ".attn.proj", !gated, dim, dim);
        }
        for (int i = 0; i < decoderDepth; i++) {
            String block = "decoder." + i + ".";
            mlp(expected, block, gated, dim, hidden);
            layer(expected, block + "self_attn.qkv", !gated, 3 * dim, dim);
            layer(expected, block + "self_attn.proj", !gated, dim, dim);
            layer(expected, block + "cross_attn.q", !gated, dim, dim);
            layer(expected, block + "cross_attn.kv", !gated, 2 * dim, dim);
            layer(expected, block + "cross_attn.proj", !gated, dim, dim);
            norm(expected, block + "query_norm", dim);
            norm(expected, block + "context_norm", dim);
        }
        TerraMindGenerationConfig config = named(name + "_generate",
                Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("LULC"), "pretrained", true));
        Map<String, Shape> found = new TreeMap<>();
        Structure structure = Structure.of(TerraMindGeneration.loader(config)::load);
        structure.weights().forEach((key, entry) -> {
            if (key.startsWith("sampler.model.")) {
                found.put(key.substring("sampler.model.".length()), entry.shape());
            } else {
                assertTrue(key.startsWith("tokenizer.tok_lulc@224."), key);
            }
        });
        assertEquals(expected, found);
        long encoderBlock = (4 * dim + (gated ? 3 : 2) * hidden) * dim + 2 * dim
                + (gated ? 0 : 5 * dim + hidden);
        long decoderBlock = encoderBlock + 4 * dim * dim + 2 * dim + (gated ? 0 : 4 * dim);
        long own = Structure.of(TerraMindEncoderDecoder.loader(config.network())::load).parameterCount();
        assertEquals((256L * 12 + 1 + 4375 + 1 + 1 + dim + 1 + 2) * dim + depth * encoderBlock
                + decoderDepth * decoderBlock, own);
    }

    @ParameterizedTest
    @CsvSource({"S2L2A, tok_sen2l2a@224", "s2l1c, tok_sen2l2a@224", "Sen2RGB, tok_sen2l2a@224",
            "S1RTC, tok_sen1rtc@224", "S1, tok_sen1grd@224", "my_S1GRD, tok_sen1grd@224", "DEM, tok_dem@224",
            "lulc, tok_lulc@224", "NDVI, tok_ndvi@224", "Coordinates, coords", "location, coords", "text, caption",
            "tok_depth@224, tok_depth@224"})
    void outputsAreFoundByUpstreamsRules(String name, String key) {
        assertEquals(key, TerraMindModality.target(name).key());
    }

    @Test
    void defaultsAreUpstreams() {
        TerraMindGenerationConfig config = named("terramind_v1_base_generate", Map.of(
                "modalities", List.of("S2L2A", "coords"), "output_modalities", List.of("S1GRD", "NDVI")));
        assertEquals(List.of(1, 1), config.settings().decodingSteps());
        assertEquals(List.of(1.0, 1.0), config.settings().temperatures());
        assertEquals(0.8, config.settings().topP());
        assertEquals(0, config.settings().topK());
        assertEquals(50, config.timesteps());
        assertFalse(config.inputs().standardize());
        assertEquals(List.of("tok_sen1grd@224", NDVI), List.copyOf(config.network().targets().keySet()));
        assertEquals(12, config.decoderDepth());
        assertEquals(List.of("terramind_v1_tiny_generate", "terramind_v1_small_generate", "terramind_v1_base_generate",
                "terramind_v1_large_generate", "terramind_v01_base_generate"), TerraMindGenerationConfig.names());
    }

    @Test
    void argumentsThatDoNotFitAreRefused() {
        refused(Map.of("output_modalities", List.of("DEM")), "Input modalities not provided.");
        refused(Map.of("modalities", List.of(), "output_modalities", List.of("DEM")), "Input modalities not provided.");
        refused(Map.of("modalities", List.of("S2L2A")), "Output modalities not provided.");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", "DEM"),
                "Output modalities must be a list of modality keys.");
        refused(Map.of("modalities", List.of("caption"), "output_modalities", List.of("DEM")),
                "generations with only text input don't work yet");
        refused(Map.of("modalities", List.of("S2L2B"), "output_modalities", List.of("DEM")), "mean S2L2A?");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("snow")),
                "Could not find modality snow", "Available modalities: S2L2A");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("untok_dem@224")),
                "Could not find modality untok_dem@224");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("tok_depth@224")),
                "Tokenizer for output modality tok_depth@224 not found");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("coords")),
                "Tokenizer for output modality coords not found");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("S2L2A", "S2L1C")),
                "S2L1C and S2L2A are both generated as tok_sen2l2a@224");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "bands",
                Map.of("S2L2A", List.of("RED"))), "Bands cannot be adapted for TerraMind generation models");
        refused(Map.of("modalities", List.of("S2L2A", Map.of("PLANET", 4)), "output_modalities", List.of("DEM")),
                "do not support new modalities", "PLANET");
        refused(Map.of("modalities", List.of("S2L2A", "s2l2a"), "output_modalities", List.of("DEM")),
                "S2L2A and s2l2a are both");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "merge_method", "mean"),
                "merge_method was passed but not used");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "decoding_steps", 0),
                "decoding_steps is [0]");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM", "LULC"), "decoding_steps",
                List.of(4096, 1)), "decoding_steps is [4096, 1]", "at most 4096");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "temps",
                List.of(1, 0.5)), "temps has 2 values for DEM");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "top_p", 2), "top_p is 2");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "timesteps", 0),
                "timesteps is 0");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("LULC", "DEM"), "timesteps", 2000),
                "timesteps is 2000, expected 1 to the 1000 of the training of DEM");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "top_k", 2.5),
                "top_k 2.5", "whole number of tokens");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "guidance", Double.NaN),
                "guidance is NaN");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "offset",
                Map.of("S1GRD", 1)), "offset S1GRD not defined in input or output modalities");
        refused(Map.of("modalities", List.of("S2L2A"), "output_modalities", List.of("DEM"), "time_steps", 1),
                "time_steps (did you mean timesteps?)");
        refuses(ArgumentException.class, () -> Generators.random(
                scope, TerraMindGeneration.loader(generator(Map.of("decoder_depth", 0)))), "decoder_depth is 0");
        refuses(ArgumentException.class, () -> named("terramind_v2_base_generate", Map.of()),
                "did you mean terramind_v1_base_generate?");
        refuses(ArgumentException.class, () -> Generators.random(scope, TerraMindGeneration.loader(generator(
                Map.of("offset", Map.of("S1GRD", List.of(1, 2, 3)), "pretraining_mean", PUBLISHED.mean(),
                        "pretraining_std", PUBLISHED.std())))), "offset has 3 numbers for untok_sen1grd@224");
    }

    private static void refused(Map<String, ?> given, String... says) {
        refuses(ArgumentException.class, () -> named("terramind_v1_tiny_generate", given), says);
    }

    @Test
    void inputsThatDoNotFitAreRefused() {
        TerraMindGeneration model = model(Map.of("modalities", List.of("S1GRD", "LULC")));
        Tensor s1 = pixels(scope, 1, 1, 2, 32, 32);
        refuses(ArgumentException.class, () -> model.generate(scope, input("S1", s1), DEFAULTS), "mean S1GRD?");
        refuses(ShapeException.class, () -> model.generate(
                scope, input("S1GRD", pixels(scope, 1, 1, 12, 32, 32)), DEFAULTS), "12 channels");
        refuses(ShapeException.class, () -> model.generate(
                scope, input("S1GRD", pixels(scope, 1, 1, 2, 40, 32)), DEFAULTS), "40 rows");
        refuses(ArgumentException.class, () -> model.generate(scope, input("S1GRD", s1, "LULC",
                scope.of(new long[] {1, 2, 3, 4}, 1, 2, 2)), DEFAULTS), "Conditioned target modality not implemented");
        refuses(ArgumentException.class, () -> model.outChannels(), "a generator gives images", "_tim");
        Input output = input("S1GRD", s1, "NDVI", pixels(scope, 2, 1, 1, 32, 32));
        refuses(ArgumentException.class, () -> model(Map.of("modalities", List.of("S1GRD"), "output_modalities",
                List.of("NDVI"))).generate(scope, output, DEFAULTS), "\"NDVI\", which is not among the modalities");
        TerraMindGeneration elevation = model(Map.of("modalities", List.of("S1GRD"), "output_modalities",
                List.of("DEM")));
        refuses(ArgumentException.class, () -> elevation.generate(scope, input("S1GRD", s1),
                DEFAULTS.withTimesteps(1001), Optional.empty(), (_, _, _, _) -> fail("it has begun")),
                "timesteps is 1001");
    }

    /** The scale of pretraining is dB; images that are linear or standardised are not. */
    @Test
    void imagesOfAnotherScaleAreRefused() {
        TerraMindGeneration model = model(Map.of("standardize", true,
                "pretraining_mean", PUBLISHED.mean(), "pretraining_std", PUBLISHED.std()));
        Tensor linear = scope.full(DType.F32, 0.1, 1, 2, 32, 32);
        refuses(ArgumentException.class, () -> model.generate(scope, input("S1GRD", linear), DEFAULTS),
                "linear backscatter");
        assertEquals(Shape.of(1, 10, 32, 32), model.generate(scope, input("S1GRD", linear),
                DEFAULTS.withStandardize(false)).outputs().get("LULC").shape());
    }

    /** In any unit; without the check the scores tell it, of every sampler, and whatever the temperature. */
    @Test
    void inputsWithNanAreRefused() {
        Tensor nan = scope.full(DType.F32, Double.NaN, 1, 2, 32, 32);
        refuses(ArgumentException.class, () -> model(Map.of()).generate(scope, input("S1GRD", nan), DEFAULTS),
                "S1GRD has values from NaN");
        Tensor both = pixels(scope, 1, 2, 2, 32, 32);
        Kernels.fill(scope, both.slice(0, 1, 2), Double.NaN);
        for (String scheme : List.of("roar", "maskgit")) {
            for (int temperature = 0; temperature < 2; temperature++) {
                TerraMindGeneration unchecked =
                        model(Map.of("check_inputs", false, "scheme", scheme, "temps", temperature));
                refuses(ArgumentException.class, () -> unchecked.generate(scope, input("S1GRD", both), DEFAULTS),
                        "step 0", LULC, "sample 1 have NaN");
            }
        }
        TerraMindGeneration ofTokens = model(Map.of("modalities", List.of("LULC"), "output_modalities",
                List.of("DEM")));
        Tensor outside = scope.of(new long[] {1, 2, 4375, 4}, 1, 2, 2);
        refuses(ArgumentException.class, () -> ofTokens.generate(scope, input("LULC", outside), DEFAULTS),
                "token numbers below 4375");
    }

    /** Standardised before, and brought back behind, with an offset on both sides. */
    @Test
    void standardizeTakesAndGivesTheUnitsOfPretraining() {
        Map<String, ?> arguments = Map.of("modalities", List.of("S1GRD"), "output_modalities", List.of("DEM"),
                "offset", Map.of("S1GRD", List.of(1, 2), "DEM", 100),
                "pretraining_mean", PUBLISHED.mean(), "pretraining_std", PUBLISHED.std());
        Tensor decibels = scope.full(DType.F32, -11, 1, 2, 32, 32);
        Tensor standard = scope.empty(DType.F32, 1, 2, 32, 32);
        Kernels.fill(scope, standard.slice(1, 0, 1), (-11 + 12.599 - 1) / 5.195);
        Kernels.fill(scope, standard.slice(1, 1, 2), (-11 + 20.293 - 2) / 5.890);
        TerraMindGeneration model = model(arguments);
        float[] expected = model.generate(scope, input("S1GRD", standard), DEFAULTS).outputs().get("DEM")
                .toFloatArray();
        for (int i = 0; i < expected.length; i++) {
            expected[i] = expected[i] * 951.272f + 770.665f;
        }
        float[] metres = model.generate(scope, input("S1GRD", decibels), DEFAULTS.withStandardize(true)).outputs()
                .get("DEM").toFloatArray();
        assertArrayEquals(expected, metres, 0.05f);
        assertTrue(Math.abs(metres[0]) > 1);
    }

    /** Upstream's class standardises by what it is given, and by nothing if it is given nothing. */
    @Test
    void aGeneratorOfAnySizeHasTheStatisticsThatItIsGiven() {
        Map<String, Object> arguments = new TreeMap<>(Map.of("modalities", List.of("S1GRD", "DEM"), "output_modalities",
                List.of("DEM", "NDVI")));
        Map<String, Tensor> image = Map.of("S1GRD", scope.full(DType.F32, 0.5, 1, 2, 32, 32));
        float[] bare = model(arguments).generate(scope, input("S1GRD", image.get("S1GRD")), DEFAULTS).outputs()
                .get("DEM").toFloatArray();
        arguments.put("standardize", true);
        assertArrayEquals(bare, model(arguments).generate(scope, input("S1GRD", image.get("S1GRD")), DEFAULTS).outputs()
                .get("DEM").toFloatArray());
        arguments.put("pretraining_mean", Map.of("untok_sen1grd@224", List.of(2, 3), "untok_dem@224", List.of(100)));
        arguments.put("pretraining_std", Map.of("untok_sen1grd@224", List.of(4, 8), "untok_dem@224", 10));
        arguments.put("offset", Map.of("DEM", 1));
        Tensor raw = scope.empty(DType.F32, 1, 2, 32, 32);
        Kernels.fill(scope, raw.slice(1, 0, 1), 2 + 4 * 0.5);
        Kernels.fill(scope, raw.slice(1, 1, 2), 3 + 8 * 0.5);
        Generated made = model(arguments).generate(scope, input("S1GRD", raw), DEFAULTS);
        float[] metres = made.outputs().get("DEM").toFloatArray();
        for (int i = 0; i < bare.length; i++) {
            assertEquals(bare[i] * 10 + 101, metres[i], 1e-3);
        }
        Map<String, ?> statistics = Map.of("modalities", List.of("DEM"), "output_modalities", List.of("NDVI"),
                "pretraining_mean", Map.of("untok_dem@224", List.of(1)));
        refuses(ArgumentException.class, () -> generator(statistics), "pretraining_mean has untok_dem@224");
        refuses(ArgumentException.class, () -> generator(Map.of("output_modalities", List.of("NDVI"), "offset",
                Map.of("DEM", 1))), "no means that it could be added to");
        refuses(ArgumentException.class, () -> named("terramind_v1_tiny_generate", Map.of("modalities",
                List.of("DEM"), "output_modalities", List.of("S1GRD"), "pretraining_mean", Map.of())),
                "pretraining_mean");
    }

    /** S2L1C has 13 bands as an input, and the 12 of S2L2A as an output, with the statistics of those. */
    @Test
    void aNameOfTwoModalitiesHasTheStatisticsOfBoth() {
        TokenizerConfig twelve = Generators.tokenizer(TokenizerConfig.Kind.DIVAE, Map.of("n_channels", 12,
                "codebook_size", "8-8-8-6-5", "encoder", Map.of("dim_tokens", 16, "depth", 1, "num_heads", 2),
                "unet", Map.of("model_channels", 32, "num_res_blocks", 1, "channel_mult", List.of(1, 1))));
        Map<String, Object> arguments = new TreeMap<>(Map.of("output_modalities", List.of("S2L1C"), "modalities",
                List.of("S2L1C"), "tokenizer_dict", Map.of("tok_sen2l2a@224", twelve), "standardize", true,
                "pretraining_mean", PUBLISHED.mean(), "pretraining_std", PUBLISHED.std()));
        Input numbers = input("S2L1C", scope.full(DType.F32, 1500, 1, 13, 32, 32));
        float[] same = model(arguments).generate(scope, numbers, DEFAULTS).outputs().get("S2L1C").toFloatArray();
        arguments.put("output_modalities", List.of("S2L2A"));
        assertEquals(12 * 32 * 32, same.length);
        assertArrayEquals(model(arguments).generate(scope, numbers, DEFAULTS).outputs().get("S2L2A").toFloatArray(),
                same);
    }

    @Test
    void resultsDependOnTheSeedAndNotOnTheBatch() {
        TerraMindGeneration model = model(Map.of("output_modalities", List.of("LULC", "DEM"), "decoding_steps", 2));
        Generated all = model.generate(scope, images(3), DEFAULTS.withSeed(5, 10));
        List<Float> one = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Input own = input("S1GRD", pixels(scope, 1, 3, 2, 32, 32).slice(0, i, i + 1),
                    "DEM", pixels(scope, 2, 3, 1, 32, 32).slice(0, i, i + 1));
            Generated alone = model.generate(scope, own, DEFAULTS.withSeed(5, 10 + i));
            for (String name : List.of("LULC", "DEM")) {
                Tensor image = all.outputs().get(name).slice(0, i, i + 1);
                assertArrayEquals(image.toFloatArray(), alone.outputs().get(name).toFloatArray(), name);
            }
            for (float value : alone.outputs().get("DEM").toFloatArray()) {
                one.add(value);
            }
        }
        float[] other = model.generate(scope, images(3), DEFAULTS.withSeed(6, 10)).outputs().get("DEM").toFloatArray();
        assertFalse(Arrays.equals(all.outputs().get("DEM").toFloatArray(), other), "the seed does not count");
        assertEquals(one.size(), other.length);
    }

    /** Upstream crashes in the second step, which has no tokens left. */
    @Test
    void decodingStepsFollowTheSchedule() {
        TerraMindGeneration model = model(Map.of("decoding_steps", 3, "modalities", List.of("S1GRD", "LULC")));
        List<Integer> counts = new ArrayList<>();
        Generated generated = model.generate(scope, input("S1GRD", pixels(scope, 1, 1, 2, 32, 48)), DEFAULTS,
                Optional.empty(), (_, places, _, _) -> counts.add(places.length));
        assertEquals(List.of(2, 2, 2), counts);
        assertEquals(Shape.of(1, 2, 3), generated.tokens().get("LULC").shape());
    }

    /** What was found is seen by the steps after it, and by later outputs, where the encoder has its weights. */
    @Test
    void chainedOutputsSeeWhatWasGenerated() {
        Map<String, ?> two = Map.of("output_modalities", List.of("LULC", "NDVI"), "temps", 0);
        Map<String, Object> chained = new TreeMap<>(two);
        chained.put("chained", true);
        TerraMindGenerationConfig config = generator(chained);
        var weights = Structure.of(TerraMindGeneration.loader(config)::load).random(4);
        TerraMindGeneration model = TerraMindGeneration.loader(config).load(scope, weights);
        float[] lulcHidden = logitsOfNdvi(model, images(1), 0);
        // The same network that sees the LULC tokens as an input that is given.
        TerraMindGenerationConfig given = generator(
                Map.of("modalities", List.of("S1GRD", "DEM", "LULC"), "output_modalities", List.of("NDVI"),
                        "temps", 0));
        Map<String, TensorData> kept = new TreeMap<>(weights.tensors());
        kept.keySet().removeIf(name -> name.contains("decoder_embeddings.tok_lulc")
                || name.contains("encoder_embeddings.tok_ndvi"));
        TerraMindGeneration other = TerraMindGeneration.loader(given).load(
                scope, new Checkpoint("", "", kept, Map.of()));
        Tensor lulc = model.generate(scope, images(1), DEFAULTS).tokens().get("LULC");
        Input more = images(1).with("LULC", lulc);
        assertArrayEquals(lulcHidden, logitsOfNdvi(other, more, 0), 1e-5f);
        float[] without = logitsOfNdvi(other, images(1), 0);
        assertFalse(Arrays.equals(without, lulcHidden), "LULC does not count");
    }

    /** Sums of the scores of each place, by place. */
    private float[] logitsOfNdvi(TerraMindGeneration model, Input input, int sample) {
        float[] sums = new float[4];
        model.generate(scope, input, DEFAULTS, Optional.empty(), (_, places, logits, _) -> {
            if (logits.dim(2) != 15360) {
                return;
            }
            float[] scores = logits.toFloatArray();
            for (int i = 0; i < places.length; i++) {
                sums[(int) places[i]] = scores[(sample * places.length + i) * 15360 + 7];
            }
        });
        return sums;
    }

    /** Upstream takes rows for columns, and asserts that the tokens are a square. */
    @Test
    void imagesNeedNotBeSquare() {
        TerraMindGeneration model = model(Map.of("output_modalities", List.of("LULC", "DEM")));
        Generated generated = model.generate(scope, input("S1GRD", pixels(scope, 1, 2, 2, 32, 64)), DEFAULTS);
        assertEquals(Shape.of(2, 10, 32, 64), generated.outputs().get("LULC").shape());
        assertEquals(Shape.of(2, 1, 32, 64), generated.outputs().get("DEM").shape());
        assertEquals(Shape.of(2, 2, 4), generated.tokens().get("DEM").shape());
    }

    /** Before anything is generated: three tokens of 16 are no multiple of what the U-Net halves three times. */
    @Test
    void sizesThatCannotBeDecodedAreRefused() {
        TokenizerConfig deep = Generators.tokenizer(TokenizerConfig.Kind.DIVAE, Map.of("n_channels", 1,
                "codebook_size", "8-8-8-6-5", "encoder", Map.of("dim_tokens", 16, "depth", 1, "num_heads", 2),
                "unet", Map.of("model_channels", 32, "num_res_blocks", 1, "channel_mult", List.of(1, 1, 1, 1))));
        TerraMindGeneration model = model(Map.of("output_modalities", List.of("DEM"), "modalities", List.of("S1GRD"),
                "tokenizer_dict", Map.of(DEM, deep)));
        List<Integer> steps = new ArrayList<>();
        refuses(ShapeException.class, () -> model.generate(scope, input("S1GRD", pixels(scope, 1, 1, 2, 32, 48)),
                DEFAULTS, Optional.empty(), (step, _, _, _) -> steps.add(step)),
                "DEM would have 32 x 48 pixels, as S1GRD", "multiples of 32", "pad the inputs to 32 x 64");
        assertEquals(List.of(), steps);
        assertEquals(Shape.of(1, 1, 32, 64), model.generate(
                scope, input("S1GRD", pixels(scope, 1, 1, 2, 32, 64)), DEFAULTS).outputs().get("DEM").shape());
    }

    /** A map as it is, and the numbers of its tokens, are the same input. */
    @Test
    void mapsGoThroughTheirTokenizers() {
        TerraMindGeneration model = model(Map.of("modalities", List.of("LULC", "NDVI"),
                "output_modalities", List.of("DEM"), "temps", 0, "pretraining_mean", PUBLISHED.mean(),
                "pretraining_std", PUBLISHED.std()));
        long[] classes = new long[2 * 32 * 32];
        Arrays.setAll(classes, i -> i * 7 % 10);
        Tensor lulc = scope.of(classes, 2, 1, 32, 32);
        Tensor floats = Kernels.copy(scope, scope.of(classes, 2, 32, 32), DType.F32);
        Tensor ndvi = pixels(scope, 3, 2, 1, 32, 32);
        Generated generated = model.generate(scope, input("LULC", lulc, "NDVI", ndvi), DEFAULTS);
        long[] expected = generated.tokens().get("DEM").toLongArray();
        assertArrayEquals(expected, model.generate(scope, input("LULC", floats, "NDVI", ndvi), DEFAULTS).tokens()
                .get("DEM").toLongArray());
        Tensor numbers = model.tokenizers().tokens(scope, LULC, floats);
        assertEquals(Shape.of(2, 2, 2), numbers.shape());
        assertArrayEquals(expected, model.generate(scope, input("LULC", numbers, "NDVI", ndvi), DEFAULTS).tokens()
                .get("DEM").toLongArray());
        // A map of class numbers is none of token numbers.
        long[] large = new long[64 * 64];
        Arrays.setAll(large, i -> i * 7 % 10);
        assertArrayEquals(tokensOfDem(model, scope.of(large, 1, 1, 64, 64)),
                tokensOfDem(model, scope.of(large, 1, 64, 64)));
        // The units of NDVI count where it is standardised, and classes have none.
        float[] scaled = ndvi.toFloatArray();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = scaled[i] * 0.322f + 0.327f;
        }
        Tensor raw = scope.of(scaled, 2, 1, 32, 32);
        Tensor wrong = scope.full(DType.F32, 3, 1, 1, 32, 32);
        refuses(ArgumentException.class, () -> model.generate(scope, input("NDVI", wrong),
                DEFAULTS.withStandardize(true)), "expected NDVI");
        Generated units = model.generate(scope, input("LULC", lulc, "NDVI", raw), DEFAULTS.withStandardize(true));
        assertArrayEquals(expected, units.tokens().get("DEM").toLongArray());
    }

    private long[] tokensOfDem(TerraMindGeneration model, Tensor lulc) {
        return model.generate(scope, input("LULC", lulc), DEFAULTS).tokens().get("DEM").toLongArray();
    }

    /** Numbers of coordinates, of a vocabulary of eleven, with which the weights are made. */
    private static WordPiece places() {
        List<String> tokens = List.of("[PAD]", "[UNK]", "[SOS]", "[EOS]", "[S_0]", "[S_1]", "[S_2]", "lat=48.25",
                "lat=-3.50", "lon=11.50", "lon=0.00");
        Map<String, Object> vocabulary = new TreeMap<>();
        List<Map<String, Object>> added = new ArrayList<>();
        for (String token : tokens) {
            vocabulary.put(token, (long) vocabulary.size());
            added.add(Map.of("id", (long) added.size(), "content", token, "normalized", false));
        }
        return WordPiece.of(Map.of("model", Map.of("type", "WordPiece", "vocab", vocabulary), "added_tokens", added,
                "normalizer", Map.of("type", "BertNormalizer"), "pre_tokenizer", Map.of("type", "BertPreTokenizer"),
                "decoder", Map.of("type", "WordPiece")));
    }

    /** Coordinates in, and out: those that the tokens tell. */
    @Test
    void coordinatesAreGivenAndGenerated() {
        CoordinatesTokenizer text = new CoordinatesTokenizer(places());
        Map<String, Object> dictionary = new TreeMap<>(Map.of("coords", text, DEM, Generators.diffusion()));
        TerraMindGenerationConfig config = generator(Map.of("modalities", List.of("S1GRD", "coords"),
                "output_modalities", List.of("DEM", "Coordinates"), "tokenizer_dict", dictionary));
        Map<String, TensorData> weights = new TreeMap<>();
        Structure.of(TerraMindGeneration.loader(config)::load).random(4).tensors().forEach((name, data) ->
                weights.put(name, data.shape().equals(Shape.of(30000, 16))
                        ? new TensorData(data.dtype(), Shape.of(11, 16), data.bytes().asSlice(0, 11 * 16 * 4)) : data));
        TerraMindGeneration model = TerraMindGeneration.loader(config).load(
                scope, new Checkpoint("", "", weights, Map.of()));
        Tensor s1 = pixels(scope, 1, 2, 2, 32, 32);
        Tensor here = scope.of(new float[] {11.45f, 48.2f, 0.1f, -3.5f}, 2, 2);
        refuses(ArgumentException.class, () -> model.generate(scope, input("coords",
                scope.of(new float[] {1, 95}, 1, 2)), DEFAULTS), "latitude 95");
        Generated generated = model.generate(scope, input("S1GRD", s1, "coords", here), DEFAULTS.withSeed(3, 0));
        assertEquals(Shape.of(2, 2), generated.outputs().get("Coordinates").shape());
        // A text that is given is gone on with: its beginning is the place.
        assertArrayEquals(new float[] {11.5f, 48.25f, 0, -3.5f},
                generated.outputs().get("Coordinates").toFloatArray());
        // The numbers of their tokens are the same input, no places another one.
        Tensor numbers = scope.of(new long[] {7, 9, 3, 8, 10, 3}, 2, 3);
        float[] dem = generated.outputs().get("DEM").toFloatArray();
        assertArrayEquals(dem, model.generate(scope, input("S1GRD", s1, "coords", numbers), DEFAULTS.withSeed(3, 0))
                .outputs().get("DEM").toFloatArray());
        Generated without = model.generate(scope, input("S1GRD", s1), DEFAULTS.withSeed(3, 0));
        assertFalse(Arrays.equals(dem, without.outputs().get("DEM").toFloatArray()), "coordinates do not count");
        assertEquals(Shape.of(2, 2), without.outputs().get("Coordinates").shape());
        assertArrayEquals(text.decode(scope, without.tokens().get("Coordinates")).toFloatArray(),
                without.outputs().get("Coordinates").toFloatArray());
        Generated alone = model.generate(scope, input("coords", numbers), DEFAULTS);
        assertEquals(Shape.of(2, 1, 224, 224), alone.outputs().get("DEM").shape());
    }

    @Test
    void aGeneratorIsABackboneOfOneDictionary() {
        TerraMindGeneration model = model(Map.of("output_modalities", List.of("LULC", "DEM")));
        Feature.ByModality images = (Feature.ByModality) model.forward(scope, images(1)).getFirst();
        assertEquals(List.of("LULC", "DEM"), List.copyOf(images.values().keySet()));
        assertArrayEquals(model.generate(scope, images(1), DEFAULTS).outputs().get("DEM").toFloatArray(),
                images.values().get("DEM").toFloatArray());
        assertEquals(List.of("S1GRD", "DEM"), List.copyOf(model.example(scope).orElseThrow().modalities().keySet()));
        TerraMindGeneration writing = model(Map.of("output_modalities", List.of("caption"),
                "tokenizer_dict", Map.of("caption", new CaptionTokenizer(places()))));
        refuses(ArgumentException.class, () -> writing.forward(scope, images(1)), "caption", "call generate");
    }

    /** The feature is the images: tokens are not left in the caller's scope. */
    @Test
    void aFeatureLeavesNothingElse() {
        try (Device device = Device.cpu(new CpuOptions(1, CpuLevel.AUTO, 0)); Scope weights = Scope.open(device);
                Scope caller = Scope.open(device)) {
            TerraMindGeneration model = Generators.random(weights, TerraMindGeneration.loader(
                    generator(Map.of("output_modalities", List.of("LULC", "DEM")))));
            Input input = input("S1GRD", pixels(caller, 1, 1, 2, 32, 32));
            ((Feature.ByModality) model.forward(caller, input).getFirst()).values().values().forEach(Tensor::close);
            long live = device.memory().buffersLive();
            ((Feature.ByModality) model.forward(caller, input).getFirst()).values().values().forEach(Tensor::close);
            assertEquals(live, device.memory().buffersLive());
        }
    }

    /** Wherever memory ends, it is the same exception, and all is given back. */
    @Test
    void memoryThatEndsMidwayIsGivenBack() {
        try (Device device = Device.cpu(new CpuOptions(1, CpuLevel.AUTO, 0)); Scope weights = Scope.open(device)) {
            TerraMindGeneration model = Generators.random(weights, TerraMindGeneration.loader(
                    generator(Map.of("output_modalities", List.of("LULC", "DEM")))));
            weights.sync();
            try (Scope caller = Scope.open(device)) {
                Input input = input("S1GRD", pixels(caller, 1, 1, 2, 64, 64));
                float[] expected = model.generate(caller, input, DEFAULTS).outputs().get("DEM").toFloatArray();
                device.trim();
                MemoryStats before = device.memory();
                AtomicInteger failed = new AtomicInteger();
                boolean enough = false;
                for (long room = 1 << 14; !enough; room += 1 << 18) {
                    device.setMemoryLimit(before.bytesInUse() + room);
                    long live = device.memory().buffersLive();
                    // Into the caller's scope, which stays open: closing it would give back what was left in it.
                    try {
                        assertArrayEquals(expected,
                                model.generate(caller, input, DEFAULTS).outputs().get("DEM").toFloatArray());
                        enough = true;
                    } catch (DeviceMemoryException e) {
                        assertTrue(e.getMessage().contains("bytes"), e.getMessage());
                        failed.incrementAndGet();
                        assertEquals(live, device.memory().buffersLive());
                    }
                    device.setMemoryLimit(0);
                    device.trim();
                }
                assertTrue(failed.get() > 1, "memory never ended");
            }
        }
    }

    @Test
    void publishedFilesBecomeGenerators() {
        TerraMindGenerationConfig config = generator(Map.of("output_modalities", List.of("LULC")));
        var whole = Structure.of(TerraMindGeneration.loader(config)::load).random(4);
        Map<String, TensorData> published = new TreeMap<>();
        Map<String, TensorData> tokenizer = new TreeMap<>();
        whole.tensors().forEach((name, data) -> {
            if (name.startsWith("sampler.model.")) {
                published.put(name.substring("sampler.model.".length()), data);
            } else {
                tokenizer.put(name.substring(("tokenizer." + LULC + ".").length()), data);
            }
        });
        published.put("encoder_embeddings." + DEM + ".mod_emb", whole.tensors().get("sampler.model.mask_token"));
        var file = new Checkpoint("published", "", published, Map.of());
        var own = Map.of(LULC, new Checkpoint("lulc", "", tokenizer, Map.of()));
        TerraMindCheckpoint filled = TerraMindGenerationCheckpoint.of(file, own, config);
        assertEquals(whole.tensors().keySet(), filled.weights().tensors().keySet());
        assertEquals(List.of("encoder_embeddings." + DEM + ".mod_emb"), filled.unused());
        assertTrue(filled.computed().isEmpty() && filled.random().isEmpty());
        // Tables of positions are made for another size.
        TerraMindCheckpoint larger = TerraMindGenerationCheckpoint.of(file, own, generator(Map.of("img_size", 64)));
        assertEquals(3, larger.computed().size());
        assertThrows(CheckpointException.class, () -> TerraMindGenerationCheckpoint.of(file, Map.of(), config));
        published.remove("mask_token");
        String text = assertThrows(CheckpointException.class, () -> TerraMindGenerationCheckpoint.of(
                new Checkpoint("published", "", published, Map.of()), own, config)).getMessage();
        assertTrue(text.contains("published lacks 1 of") && text.contains("sampler.model.mask_token [1, 1, 16]"), text);
    }
}
