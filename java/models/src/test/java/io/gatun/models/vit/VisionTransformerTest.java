// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.vit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.data.TestDevices;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against {@link ReferenceViT}: float32 through some blocks stays within 1e-5 of the largest value. */
class VisionTransformerTest {
    private static final Map<String, Object> SMALL = Map.of("img_size", List.of(24, 16), "patch_size", 8,
            "in_chans", 4, "embed_dim", 24, "depth", 3, "num_heads", 3, "out_indices", List.of(2, 0));

    private static VisionTransformerConfig config(Map<String, ?> more) {
        Map<String, Object> all = new LinkedHashMap<>(SMALL);
        all.putAll(more);
        Arguments arguments = Arguments.of("vit", all);
        VisionTransformerConfig config = VisionTransformerConfig.of("vit_base_patch16_224", arguments);
        arguments.finish();
        return config;
    }

    private static Checkpoint random(VisionTransformerConfig config) {
        return Structure.of(VisionTransformer.loader(config)::load).random(3);
    }

    private static VisionTransformer load(Scope scope, Checkpoint checkpoint, VisionTransformerConfig config) {
        return VisionTransformer.loader(config).load(scope, checkpoint);
    }

    private static float[] image(int batch, int channels, int height, int width) {
        SplittableRandom random = new SplittableRandom(5);
        float[] pixels = new float[batch * channels * height * width];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextDouble(-1, 1);
        }
        return pixels;
    }

    private static void agrees(Scope scope, Map<String, ?> arguments, int height, int width) {
        VisionTransformerConfig config = config(arguments);
        Checkpoint checkpoint = random(config);
        VisionTransformer model = load(scope, checkpoint, config);
        float[] images = image(2, 4, height, width);
        List<Feature> features = model.forward(scope, Input.of(scope.of(images, 2, 4, height, width)));
        assertEquals(model.outChannels().size(), features.size());
        ReferenceViT reference = new ReferenceViT(checkpoint, config);
        for (int b = 0; b < 2; b++) {
            float[] one = Arrays.copyOfRange(images, b * images.length / 2, (b + 1) * images.length / 2);
            List<double[]> expected = reference.forward(one, height, width);
            for (int i = 0; i < features.size(); i++) {
                Tensor map = features.get(i).tensor();
                assertEquals(Shape.of(2, config.embedDim(), height / config.patch().height(),
                        width / config.patch().width()), map.shape());
                compare(expected.get(i), map.slice(0, b, b + 1).toFloatArray(), arguments + " feature " + i);
            }
        }
    }

    private static void compare(double[] expected, float[] actual, String what) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < actual.length; i++) {
            assertEquals(expected[i], actual[i], 1e-5 * largest, what + " at " + i);
        }
    }

    private static void variants(Scope scope) {
        agrees(scope, Map.of(), 24, 16);
        agrees(scope, Map.of("class_token", false), 24, 16);
        agrees(scope, Map.of("qkv_bias", false, "proj_bias", false), 24, 16);
        agrees(scope, Map.of("norm", true, "mlp_ratio", 2.5, "out_indices", List.of(-1)), 24, 16);
        // Widths of a head of the published sizes, 64 and Prithvi's 80.
        agrees(scope, Map.of("embed_dim", 128, "num_heads", 2, "depth", 1, "out_indices", 1), 24, 16);
        agrees(scope, Map.of("embed_dim", 160, "num_heads", 2, "depth", 1, "out_indices", 1), 24, 16);
        agrees(scope, Map.of("dynamic_img_size", true), 24, 16);
        agrees(scope, Map.of("dynamic_img_size", true), 40, 32);
        agrees(scope, Map.of("dynamic_img_size", true, "class_token", false), 8, 48);
        agrees(scope, Map.of("patch_size", List.of(4, 8)), 24, 16);
        agrees(scope, Map.of("patch_size", List.of(8, 4), "dynamic_img_size", true), 16, 32);
    }

    @Test
    void agreesWithTheReference() {
        TestDevices.eachCpu(VisionTransformerTest::variants);
    }

    @Test
    void agreesOnAsManyTokensAsAPublishedSizeHas() {
        TestDevices.eachCpu(scope -> agrees(scope, Map.of("img_size", 112, "embed_dim", 128, "num_heads", 2, "depth", 1,
                "out_indices", 1), 112, 112));
    }

    @Test
    @Tag("gpu")
    void agreesWithTheReferenceOnCuda() {
        try (Scope scope = Scope.open(TestDevices.cudaOrSkip())) {
            variants(scope);
        }
    }

    @Test
    void aSquareOfAsManyPatchesKeepsThePositionsAsTimmDoes() {
        TestDevices.eachCpu(scope -> agrees(
                scope, Map.of("img_size", List.of(8, 32), "dynamic_img_size", true), 16, 16));
    }

    @Test
    void batchAndThreadsDoNotChangeABit() {
        VisionTransformerConfig config = config(Map.of());
        float[] images = image(3, 4, 24, 16);
        float[] together = run(config, images, 3, 2);
        assertArrayEquals(together, run(config, images, 3, 1), "one thread");
        assertArrayEquals(together, run(config, images, 3, 5), "five threads");
        for (int b = 0; b < 3; b++) {
            float[] alone = run(config, Arrays.copyOfRange(images, b * 1536, (b + 1) * 1536), 1, 2);
            assertArrayEquals(Arrays.copyOfRange(together, b * alone.length, (b + 1) * alone.length), alone,
                    "image " + b);
        }
    }

    private static float[] run(VisionTransformerConfig config, float[] images, int batch, int threads) {
        try (Device device = Device.cpu(new CpuOptions(threads, CpuLevel.AUTO, 0));
                Scope scope = Scope.open(device)) {
            return load(scope, random(config), config).forward(scope, Input.of(scope.of(images, batch, 4, 24, 16)))
                    .getLast().tensor().toFloatArray();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224",
            "vit_large_patch16_224"})
    void publishedSizesHaveTimmsWeights(String name) {
        Arguments arguments = Arguments.of(name, Map.of("norm", true));
        VisionTransformerConfig config = VisionTransformerConfig.of(name, arguments);
        Structure structure = Structure.of(VisionTransformer.loader(config)::load);
        long embed = config.embedDim();
        Map<String, Shape> expected = new LinkedHashMap<>();
        expected.put("cls_token", Shape.of(1, 1, embed));
        expected.put("pos_embed", Shape.of(1, 197, embed));
        expected.put("patch_embed.proj.weight", Shape.of(embed, 3, 16, 16));
        expected.put("patch_embed.proj.bias", Shape.of(embed));
        for (int i = 0; i < config.depth(); i++) {
            String block = "blocks." + i + ".";
            pair(expected, block + "norm1", embed);
            pair(expected, block + "attn.qkv", 3 * embed, embed);
            pair(expected, block + "attn.proj", embed, embed);
            pair(expected, block + "norm2", embed);
            pair(expected, block + "mlp.fc1", 4 * embed, embed);
            pair(expected, block + "mlp.fc2", embed, 4 * embed);
        }
        pair(expected, "norm", embed);
        Map<String, Shape> found = new LinkedHashMap<>();
        structure.weights().forEach((key, entry) -> {
            if (entry.kind() != Structure.Kind.UNUSED) {
                found.put(key, entry.shape());
            }
        });
        assertEquals(expected, found);
        // timm's num_classes=0: 12 E^2 + 13 E for each block, 967 + 1 + 1 E around them.
        long count = Map.of("vit_tiny_patch16_224", 5_524_416L, "vit_small_patch16_224", 21_665_664L,
                "vit_base_patch16_224", 85_798_656L, "vit_large_patch16_224", 303_301_632L).get(name);
        assertEquals(count, structure.parameterCount());
    }

    private static void pair(Map<String, Shape> weights, String layer, long... shape) {
        weights.put(layer + ".weight", Shape.of(shape));
        weights.put(layer + ".bias", Shape.of(shape[0]));
    }

    @Test
    void publishedSizesGiveMapsOfTheLastThreeBlocks() {
        for (String name : VisionTransformerConfig.names()) {
            VisionTransformerConfig config = VisionTransformerConfig.named(name);
            onMeta(config, (scope, model) -> {
                List<Feature> features = model.forward(scope, Input.of(scope.empty(DType.F32, 2, 3, 224, 224)));
                assertEquals(3, features.size());
                features.forEach(f -> assertEquals(Shape.of(2, config.embedDim(), 14, 14), f.tensor().shape()));
                assertEquals(List.of(config.embedDim(), config.embedDim(), config.embedDim()), model.outChannels());
                assertEquals(16, model.patchSize().orElseThrow());
            });
        }
    }

    private static void onMeta(VisionTransformerConfig config, BiConsumer<Scope, VisionTransformer> test) {
        Structure.of((scope, state) -> {
            test.accept(scope, VisionTransformer.loader(config).load(scope, state));
            return config;
        });
    }

    @Test
    void wholeModelsOfTimmAndOfItsFeatureWrapperAreRead() {
        VisionTransformerConfig config = config(Map.of("out_indices", List.of(0, 1)));
        Checkpoint own = random(config);
        Map<String, TensorData> whole = new LinkedHashMap<>(random(config(Map.of("norm", true))).tensors());
        whole.putAll(own.tensors());
        TensorData bias = own.tensors().get("blocks.0.norm1.bias");
        whole.put("head.weight", bias);
        whole.put("head.bias", bias);
        Map<String, TensorData> wrapped = new LinkedHashMap<>();
        own.tensors().forEach((name, data) -> wrapped.put("model." + name, data));
        try (Scope scope = Scope.open(Device.cpu())) {
            Input input = Input.of(scope.of(image(1, 4, 24, 16), 1, 4, 24, 16));
            float[] expected = load(scope, own, config).forward(scope, input).getLast().tensor().toFloatArray();
            for (Map<String, TensorData> weights : List.of(whole, wrapped)) {
                Checkpoint checkpoint = new Checkpoint("test", "", weights, Map.of());
                assertArrayEquals(expected,
                        load(scope, checkpoint, config).forward(scope, input).getLast().tensor().toFloatArray());
            }
        }
    }

    @Test
    void imagesThatDoNotFitAreRefused() {
        onMeta(config(Map.of()), (scope, strict) -> {
            refuses(strict, scope, "dynamic_img_size", 1, 4, 32, 16);
            refuses(strict, scope, "TemporalWrapper", 1, 4, 2, 24, 16);
        });
        onMeta(config(Map.of("dynamic_img_size", true)), (scope, dynamic) -> {
            refuses(dynamic, scope, "25 rows", 1, 4, 25, 16);
            refuses(dynamic, scope, "3 bands, the model takes 4", 1, 3, 24, 16);
        });
    }

    private static void refuses(VisionTransformer model, Scope scope, String says, long... shape) {
        Input input = Input.of(scope.empty(DType.F32, shape));
        String text = assertThrows(ShapeException.class, () -> model.forward(scope, input)).getMessage();
        assertTrue(text.contains(says), text);
    }

    @Test
    void aMissingWeightIsNamed() {
        VisionTransformerConfig config = config(Map.of());
        Map<String, TensorData> weights = new LinkedHashMap<>(random(config).tensors());
        weights.remove("blocks.1.attn.proj.bias");
        Checkpoint checkpoint = new Checkpoint("test", "", weights, Map.of());
        try (Scope scope = Scope.open(Device.cpu())) {
            String text = assertThrows(CheckpointException.class, () -> load(scope, checkpoint, config)).getMessage();
            assertTrue(text.contains("missing: blocks.1.attn.proj.bias"), text);
        }
    }
}
