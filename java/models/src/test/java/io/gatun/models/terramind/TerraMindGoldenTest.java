// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.Checkpoint;
import io.gatun.core.DType;
import io.gatun.core.Device;
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
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every case of the golden family {@code terramind}, at the tolerance of its JSON. Cases never seen run unchanged. */
class TerraMindGoldenTest {
    private static final Predicate<GoldenCase> MODELS =
            golden -> !golden.upstreamClass().startsWith("build_1d_sincos_posemb");

    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family(
                "terramind", MODELS, golden -> TestDevices.eachCpu(scope -> run(golden, scope, exactly(golden))));
    }

    /** On a GPU, or on the host harness that runs the CUDA kernels in its place. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family("terramind", MODELS,
                golden -> TestDevices.cuda(scope -> run(golden, scope, exactly(golden))));
    }

    /** In less than float32, norm-wise: TF32 within 2e-3, bfloat16 within 1e-2. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOfLessPrecisionOnCuda() throws IOException {
        return GoldenCase.family("terramind", MODELS, golden -> TestDevices.cudaOfLessPrecision(2e-3, 1e-2,
                (scope, limit) -> run(golden, scope, (key, actual) ->
                        golden.compareNorm(key, actual.shape(), actual.toFloatArray(), limit))));
    }

    @TestFactory
    Stream<DynamicTest> tablesOfPositions() throws IOException {
        return GoldenCase.family("terramind", MODELS.negate(), golden -> {
            golden.compare("expected/sincos_1d_7x16", Shape.of(1, 7, 16), TerraMindPositions.sequence(7, 16));
            float[] square = TerraMindPositions.image(4, 4, 24);
            golden.compare("expected/sincos_2d_4x4x24", Shape.of(1, 16, 24), square);
            golden.compare("expected/sincos_2d_h3_w5_d8", Shape.of(1, 15, 8), TerraMindPositions.image(3, 5, 8));
            golden.compare("expected/resampled_4x4_to_6x3", Shape.of(1, 18, 24),
                    TerraMindPositions.resampled(square, 24, 6, 3));
            Map<String, Object> ids = new TreeMap<>();
            TerraMindModality.all().forEach((key, modality) -> ids.put(key, (long) modality.id()));
            Map<String, Object> expected = new TreeMap<>();
            ((Map<?, ?>) golden.described("modality_ids")).forEach((key, id) ->
                    expected.put((String) key, ((Number) id).longValue()));
            assertEquals(expected, ids);
        });
    }

    /** Names and shapes of a small model are upstream's, but for the vocabularies, which the cases have smaller. */
    @TestFactory
    Stream<DynamicTest> weights() throws IOException {
        return GoldenCase.family("terramind", MODELS, golden -> {
            TerraMindConfig config = config(golden, Map.of());
            Map<String, Shape> expected = new TreeMap<>();
            golden.weights().tensors().forEach((name, data) -> expected.put(name, data.shape()));
            Map<String, Shape> found = new TreeMap<>();
            Structure.of(TerraMindViT.loader(config)::load).weights().forEach((name, entry) ->
                    found.put(name, name.endsWith("token_emb.weight") ? expected.get(name) : entry.shape()));
            assertEquals(expected, found);
            if (golden.described("out_channels") instanceof List<?> channels) {
                List<Long> wanted = channels.stream().map(each -> ((Number) each).longValue()).toList();
                try (Scope scope = Scope.open(Device.cpu())) {
                    TerraMindViT model = load(scope, golden.weights(), config);
                    assertEquals(wanted, model.outChannels().stream().map(Integer::longValue).toList());
                }
            }
        });
    }

    private static TerraMindConfig config(GoldenCase golden, Map<String, ?> more) {
        Map<String, Object> given = new LinkedHashMap<>(golden.constructor());
        if (given.remove("layer_norm") instanceof Map<?, ?> norm) {
            assertEquals(1e-6, norm.get("eps"));
            given.put("norm_bias", norm.get("bias"));
        }
        given.putAll(more);
        Arguments arguments = Arguments.of(golden.toString(), given);
        TerraMindConfig config = TerraMindConfig.of(arguments);
        arguments.finish();
        return config;
    }

    private static TerraMindViT load(Scope scope, Checkpoint checkpoint, TerraMindConfig config) {
        return TerraMindViT.loader(config).load(scope, checkpoint);
    }

    private static BiConsumer<String, Tensor> exactly(GoldenCase golden) {
        return (key, actual) -> golden.compare(key, actual.shape(), actual.toFloatArray());
    }

    private static void run(GoldenCase golden, Scope scope, BiConsumer<String, Tensor> check) {
        boolean banded = golden.forward().containsKey("bands");
        TerraMindConfig config =
                config(golden, banded ? Map.of("bands", golden.forward().get("bands")) : Map.of());
        Checkpoint weights = golden.weights();
        if (banded) {
            TerraMindCheckpoint selected = TerraMindCheckpoint.of(weights, config);
            weights = selected.weights();
            config.modalities().forEach((name, modality) -> {
                TensorData proj = selected.weights().tensors()
                        .get("encoder_embeddings." + modality.key() + ".proj.weight");
                check.accept("expected/proj/" + name, scope.of(proj));
            });
        }
        TerraMindViT model = load(scope, weights, config);
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        List<?> order = golden.forward().get("order") instanceof List<?> given ? given
                : List.copyOf(config.modalities().keySet());
        order.forEach(name -> tensors.put((String) name, scope.of(golden.tensor("input/" + name))));
        boolean single = Boolean.TRUE.equals(golden.forward().get("single_tensor"));
        Input input = single ? Input.of(tensors.firstEntry().getValue()) : Input.of(tensors);
        List<Feature> layers = model.forward(scope, input);
        for (int i = 0; i < layers.size(); i++) {
            String key = "expected/layers/" + i;
            switch (layers.get(i)) {
                case Feature.Single one -> check.accept(key, one.value());
                case Feature.ByModality several ->
                        several.values().forEach((name, value) -> check.accept(key + "/" + name, value));
            }
        }
        onMeta(config, tensors, single, layers);
    }

    /** Shapes alone are those of the real run. */
    private static void onMeta(
            TerraMindConfig config, SequencedMap<String, Tensor> tensors, boolean single, List<Feature> expected) {
        Structure.of((scope, state) -> {
            SequencedMap<String, Tensor> shapes = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> shapes.put(name, scope.empty(
                    tensor.dtype() == DType.F32 ? DType.F32 : DType.I64, tensor.shape().toArray())));
            Input input = single ? Input.of(shapes.firstEntry().getValue()) : Input.of(shapes);
            List<Feature> found = TerraMindViT.loader(config).load(scope, state).forward(scope, input);
            assertEquals(expected.stream().map(TerraMindGoldenTest::shapes).toList(),
                    found.stream().map(TerraMindGoldenTest::shapes).toList());
            return config;
        });
    }

    private static String shapes(Feature feature) {
        return switch (feature) {
            case Feature.Single one -> one.value().shape().toString();
            case Feature.ByModality several -> {
                Map<String, Shape> shapes = new LinkedHashMap<>();
                several.values().forEach((name, value) -> shapes.put(name, value.shape()));
                yield shapes.toString();
            }
        };
    }
}
