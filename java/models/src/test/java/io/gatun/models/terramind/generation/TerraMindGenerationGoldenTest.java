// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DType;
import io.gatun.core.SampleOptions;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.terramind.MaskedModality;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindEncoderDecoder;
import io.gatun.models.terramind.TerraMindEncoderDecoderConfig;
import io.gatun.models.terramind.TerraMindModality;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Every case of the golden family {@code terramind_generation}: scores at the tolerance of its JSON, tokens exactly,
 * step by step. Cases never seen run unchanged.
 */
class TerraMindGenerationGoldenTest {
    private static final String FAMILY = "terramind_generation";

    private static boolean isNetwork(GoldenCase golden) {
        return !golden.upstreamClass().contains("schedule") && !golden.upstreamClass().contains("filtering");
    }

    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family(FAMILY, TerraMindGenerationGoldenTest::isNetwork,
                golden -> TestDevices.eachCpu(scope -> run(golden, scope)));
    }

    /** On a GPU, or on the host harness that runs the CUDA kernels in its place. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family(FAMILY, TerraMindGenerationGoldenTest::isNetwork,
                golden -> TestDevices.cuda(scope -> run(golden, scope)));
    }

    @TestFactory
    Stream<DynamicTest> schedulesAndFilters() throws IOException {
        return GoldenCase.family(FAMILY, golden -> !isNetwork(golden), golden -> {
            for (Object each : ((Map<?, ?>) golden.described("tensors")).keySet()) {
                String key = (String) each;
                if (key.startsWith("expected/k")) {
                    filter(golden, key);
                } else if (key.startsWith("expected/")) {
                    schedule(golden, key);
                }
            }
        });
    }

    private static void schedule(GoldenCase golden, String key) {
        String[] parts = key.substring("expected/".length()).split("_");
        int steps = Integer.parseInt(parts[1]);
        int tokens = Integer.parseInt(parts[2]);
        int[] linear = TokenSchedule.LINEAR.counts(steps, tokens);
        switch (parts[0]) {
            case "linear" -> assertArrayEquals(longs(golden, key), widened(linear), key);
            case "cosine" -> assertArrayEquals(
                    longs(golden, key), widened(TokenSchedule.COSINE.counts(steps, tokens)), key);
            case "lineartemp" -> {
                double[] temperatures = new TemperatureSchedule.Linear().temperatures(2, linear);
                float[] rounded = new float[temperatures.length];
                for (int i = 0; i < rounded.length; i++) {
                    rounded[i] = (float) temperatures[i];
                }
                golden.compare(key, Shape.of(rounded.length), rounded);
            }
            default -> throw new AssertionError("no schedule " + key);
        }
    }

    private static long[] widened(int[] values) {
        long[] wide = new long[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }

    /** Names are kK_pP. */
    private static void filter(GoldenCase golden, String key) {
        String[] parts = key.substring("expected/k".length()).split("_p");
        SampleOptions options = new SampleOptions(1, Double.parseDouble(parts[0]), Double.parseDouble(parts[1]));
        TensorData logits = golden.tensor("input/logits");
        int count = (int) logits.shape().dim(1);
        float[] scores = logits.bytes().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        float[] all = new float[scores.length];
        for (int row = 0; row < logits.shape().dim(0); row++) {
            float[] found = TokenFilter.probabilities(scores, row * count, count, options);
            System.arraycopy(found, 0, all, row * count, count);
        }
        golden.compare(key, logits.shape(), all);
    }

    /** Names of the weights are upstream's, and their shapes but for the vocabularies, which the cases have smaller. */
    @TestFactory
    Stream<DynamicTest> weights() throws IOException {
        return GoldenCase.family(FAMILY, TerraMindGenerationGoldenTest::isNetwork, golden -> {
            Map<String, Shape> expected = new TreeMap<>();
            golden.weights().tensors().forEach((name, data) -> expected.put(name, data.shape()));
            Map<String, Shape> found = new TreeMap<>();
            Structure.of(loader(golden)::load).weights().forEach((name, entry) -> found.put(name,
                    name.endsWith("token_emb.weight") || name.endsWith("to_logits.weight") ? expected.get(name)
                            : entry.shape()));
            assertEquals(expected, found);
        });
    }

    private static Loader<?> loader(GoldenCase golden) {
        return switch (golden.upstreamClass()) {
            case "TerraMind" -> TerraMindEncoderDecoder.loader(network(golden, List.of("S1GRD", "DEM"), "LULC"));
            case "TerraMindGeneration" -> TerraMindGeneration.loader(generation(golden));
            case "TerraMindTiM" -> TerraMindTiM.loader(tim(golden));
            default -> {
                Loader<?> own = TerraMindEncoderDecoder.loader(sampled(golden));
                yield (scope, state) -> own.load(scope, state.at("sampler.model"));
            }
        };
    }

    private static void run(GoldenCase golden, Scope scope) {
        switch (golden.upstreamClass()) {
            case "TerraMind" -> logits(golden, scope);
            case "TerraMindGeneration" -> generate(golden, scope);
            case "TerraMindTiM" -> think(golden, scope);
            default -> sample(golden, scope);
        }
    }

    private static Map<String, Object> constructor(GoldenCase golden) {
        Map<String, Object> given = new LinkedHashMap<>(golden.constructor());
        given.remove("vocab_override");
        given.remove("tokenizer");
        given.remove("target");
        if (golden.constructor().get("tokenizer") instanceof Map<?, ?> tokenizer) {
            Map<String, Object> own = new LinkedHashMap<>();
            tokenizer.forEach((key, value) -> own.put((String) key, value));
            Map<String, Object> size = new LinkedHashMap<>();
            List.of("dim_tokens", "depth", "num_heads").forEach(key -> size.put(key, own.remove(key)));
            own.put("encoder", size);
            own.put("decoder", size);
            TokenizerConfig config = Generators.tokenizer(
                    TokenizerConfig.Kind.valueOf(((String) own.remove("kind")).toUpperCase(Locale.ROOT)), own);
            Map<String, Object> tokenizers = new LinkedHashMap<>();
            ((List<?>) given.get("output_modalities")).forEach(
                    name -> tokenizers.put(TerraMindModality.target((String) name).key(), config));
            given.put("tokenizer_dict", tokenizers);
        }
        return given;
    }

    private static TerraMindEncoderDecoderConfig network(GoldenCase golden, List<String> inputs, String target) {
        Map<String, Object> given = constructor(golden);
        int depth = golden.constructor("decoder_depth", 12);
        given.remove("decoder_depth");
        given.remove("temps");
        given.put("modalities", inputs);
        Arguments arguments = Arguments.of(golden.toString(), given);
        TerraMindConfig config = TerraMindConfig.of(arguments);
        arguments.finish();
        SequencedMap<String, TerraMindModality> keys = new LinkedHashMap<>();
        config.modalities().values().forEach(modality -> keys.put(modality.key(), modality));
        TerraMindModality found = TerraMindModality.target(target);
        return new TerraMindEncoderDecoderConfig(config.size(), depth, config.imgSize(), keys,
                new LinkedHashMap<>(Map.of(found.key(), found)), TerraMindEncoderDecoderConfig.Decoder.defaults(),
                false);
    }

    private static TerraMindEncoderDecoderConfig sampled(GoldenCase golden) {
        return network(golden, List.of("S1GRD"), (String) golden.constructor().get("target"));
    }

    private static TerraMindGenerationConfig generation(GoldenCase golden) {
        Arguments arguments = Arguments.of(golden.toString(), constructor(golden));
        TerraMindGenerationConfig config = TerraMindGenerationConfig.of(arguments);
        arguments.finish();
        return config;
    }

    private static TerraMindTiMConfig tim(GoldenCase golden) {
        Arguments arguments = Arguments.of(golden.toString(), constructor(golden));
        TerraMindTiMConfig config = TerraMindTiMConfig.of(arguments);
        arguments.finish();
        return config;
    }

    private static void logits(GoldenCase golden, Scope scope) {
        TerraMindEncoderDecoder model = TerraMindEncoderDecoder.loader(
                network(golden, List.of("S1GRD", "DEM"), "LULC")).load(scope, golden.weights());
        SequencedMap<String, MaskedModality> given = new LinkedHashMap<>();
        for (String key : List.of("untok_sen1grd@224", "untok_dem@224", "tok_lulc@224")) {
            String path = "input/" + key + "/";
            given.put(key, new MaskedModality(scope.of(golden.tensor(path + "tensor")),
                    mask(golden, path + "input_mask"), mask(golden, path + "target_mask"),
                    Optional.of(path + "decoder_attention_mask").filter(golden::has).map(each -> longs(golden, each))));
        }
        SequencedMap<String, Tensor> logits = model.logits(scope, 2, given,
                ((Number) golden.forward().get("num_encoder_tokens")).longValue(),
                ((Number) golden.forward().get("num_decoder_tokens")).longValue());
        assertEquals(Set.of("tok_lulc@224"), logits.keySet());
        logits.forEach((key, found) -> golden.compare("expected/logits/" + key, found.shape(), found.toFloatArray()));
    }

    private static Optional<boolean[]> mask(GoldenCase golden, String key) {
        if (!golden.has(key)) {
            return Optional.empty();
        }
        byte[] bytes = golden.tensor(key).bytes().toArray(ValueLayout.JAVA_BYTE);
        boolean[] mask = new boolean[bytes.length];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = bytes[i] != 0;
        }
        return Optional.of(mask);
    }

    /** Places of the case, and what its steps gave. */
    private static GenerationSampler.Order order(GoldenCase golden, String path) {
        return (step, sample, _) -> {
            TensorData positions = golden.tensor(path + step + "/positions");
            int count = (int) positions.shape().dim(1);
            int[] places = new int[count];
            for (int i = 0; i < count; i++) {
                places[i] = (int) longs(golden, path + step + "/positions")[sample * count + i];
            }
            return places;
        };
    }

    private static GenerationSampler.Trace trace(GoldenCase golden, String path) {
        return (step, places, logits, ids) -> {
            String own = path + step;
            assertArrayEquals(longs(golden, own + "/positions"), places);
            if (golden.has(own + "/logits")) {
                golden.compare(own + "/logits", logits.shape(), logits.toFloatArray());
            }
            assertArrayEquals(longs(golden, own + "/tokens"), ids, own);
        };
    }

    private static void sample(GoldenCase golden, Scope scope) {
        TerraMindEncoderDecoderConfig config = sampled(golden);
        TerraMindEncoderDecoder model = TerraMindEncoderDecoder.loader(config).load(
                scope, golden.weights().stripPrefix("sampler.model."));
        Tensor image = scope.of(golden.tensor("input/S1GRD"));
        GenerationState state = new GenerationState((int) image.dim(0));
        state.give("untok_sen1grd@224", image);
        String target = (String) golden.constructor().get("target");
        state.want(target, new TokenGrid(1, 3, 3));
        List<GenerationStep> schedule = ((List<?>) golden.described("schedule")).stream().map(each -> {
            Map<?, ?> step = (Map<?, ?>) each;
            return new GenerationStep((String) step.get("target_domain"),
                    Scheme.valueOf(((String) step.get("scheme")).toUpperCase(Locale.ROOT)),
                    ((Number) step.get("num_tokens")).intValue(), ((Number) step.get("temperature")).doubleValue(),
                    List.of(((Number) step.get("cfg_scale")).doubleValue()),
                    ((List<?>) step.get("cfg_cond_domains")).stream().map(String.class::cast).toList());
        }).toList();
        int[] steps = new int[1];
        GenerationSampler.Trace trace = trace(golden, "expected/steps/");
        new GenerationSampler(model, new Sampling(0, 0, 1, OptionalLong.of(0)), _ -> Set.of(),
                Optional.of(order(golden, "expected/steps/")), (step, places, logits, ids) -> {
                    steps[0]++;
                    trace.step(step, places, logits, ids);
                }).generate(scope, state, schedule);
        assertEquals(schedule.size(), steps[0]);
        assertArrayEquals(longs(golden, "expected/tokens"), state.ids(target));
        mask(golden, "expected/input_mask").ifPresent(hidden -> {
            boolean[] known = state.known(target);
            for (int i = 0; i < known.length; i++) {
                assertEquals(hidden[i], !known[i], "place " + i);
            }
        });
    }

    private static void generate(GoldenCase golden, Scope scope) {
        TerraMindGenerationConfig config = generation(golden);
        TerraMindGeneration model = TerraMindGeneration.loader(config).load(scope, golden.weights());
        Generated generated = model.generate(scope, input(golden, scope, config.inputs()), GenerateOptions.defaults(),
                Optional.of(order(golden, "expected/steps/")), trace(golden, "expected/steps/"));
        assertEquals(config.settings().targets().keySet(), generated.outputs().keySet());
        generated.outputs().forEach((name, image) ->
                golden.compare("expected/images/" + name, image.shape(), image.toFloatArray()));
        // Whatever the order of the places: it counts for rounding alone.
        Generated other = model.generate(scope, input(golden, scope, config.inputs()), GenerateOptions.defaults());
        generated.tokens().forEach((name, tokens) ->
                assertArrayEquals(tokens.toLongArray(), other.tokens().get(name).toLongArray()));
        Structure.of((shapes, state) -> {
            Generated onMeta = TerraMindGeneration.loader(config).load(shapes, state).generate(
                    shapes, emptied(shapes, input(golden, scope, config.inputs())), GenerateOptions.defaults());
            generated.outputs().forEach((name, image) ->
                    assertEquals(image.shape(), onMeta.outputs().get(name).shape()));
            return onMeta;
        });
    }

    private static void think(GoldenCase golden, Scope scope) {
        TerraMindTiMConfig config = tim(golden);
        TerraMindTiM model = TerraMindTiM.loader(config).load(scope, golden.weights());
        String path = "intermediate/steps/";
        List<Feature> layers = model.forward(scope, input(golden, scope, config.inputs()),
                Optional.of(order(golden, path)), trace(golden, path));
        for (int i = 0; i < layers.size(); i++) {
            Tensor layer = layers.get(i).tensor();
            golden.compare("expected/layers/" + i, layer.shape(), layer.toFloatArray());
        }
        assertTrue(golden.has("expected/layers/" + (layers.size() - 1)));
        Structure.of((shapes, state) -> {
            List<Feature> onMeta = TerraMindTiM.loader(config).load(shapes, state).forward(
                    shapes, emptied(shapes, input(golden, scope, config.inputs())));
            assertEquals(layers.getLast().tensor().shape(), onMeta.getLast().tensor().shape());
            return onMeta;
        });
    }

    private static Input input(GoldenCase golden, Scope scope, TerraMindConfig config) {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        config.modalities().keySet().forEach(name -> tensors.put(name, scope.of(golden.tensor("input/" + name))));
        return Input.of(tensors);
    }

    private static Input emptied(Scope scope, Input input) {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        input.modalities().forEach((name, tensor) -> tensors.put(name, scope.empty(DType.F32, tensor.shape())));
        return Input.of(tensors);
    }

    private static long[] longs(GoldenCase golden, String key) {
        TensorData data = golden.tensor(key);
        long[] values = new long[Math.toIntExact(data.shape().numElements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = data.dtype() == DType.I32 ? data.bytes().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i)
                    : data.bytes().getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i);
        }
        return values;
    }
}
