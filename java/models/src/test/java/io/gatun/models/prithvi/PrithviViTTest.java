// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.prithvi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.TestInputs;
import io.gatun.models.layers.TokenGrid;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrithviViTTest {
    private static final Map<String, Object> SMALL = Map.of("img_size", 8, "patch_size", List.of(1, 4, 4),
            "num_frames", 2, "bands", List.of("RED", "GREEN"), "embed_dim", 32, "depth", 3, "num_heads", 4);

    static PrithviConfig config(String name, Map<String, ?> more) {
        Map<String, Object> all = new LinkedHashMap<>(SMALL);
        all.putAll(more);
        Arguments arguments = Arguments.of(name, all);
        PrithviConfig config = PrithviConfig.of(name, arguments);
        arguments.finish();
        return config;
    }

    static PrithviViT load(Scope scope, Checkpoint checkpoint, PrithviConfig config) {
        return PrithviViT.loader(config).load(scope, checkpoint);
    }

    static Checkpoint random(PrithviConfig config) {
        return Structure.of(PrithviViT.loader(config)::load).random(4);
    }

    private static void onMeta(PrithviConfig config, BiConsumer<Scope, PrithviViT> test) {
        Structure.of((scope, state) -> {
            test.accept(scope, PrithviViT.loader(config).load(scope, state));
            return config;
        });
    }

    static float[] pixels(int count) {
        SplittableRandom random = new SplittableRandom(6);
        float[] pixels = new float[count];
        for (int i = 0; i < count; i++) {
            pixels[i] = (float) random.nextDouble(-1, 1);
        }
        return pixels;
    }

    /** 12 E^2 + 13 E for each block, (6 patch^2 + 1 + 1 + 2) E around them, and two scales; positions are a buffer. */
    @ParameterizedTest
    @CsvSource({"prithvi_eo_tiny, 3553280", "prithvi_eo_v1_100, 86237184", "prithvi_eo_v2_tiny_tl, 5634050",
            "prithvi_eo_v2_100, 86237184", "prithvi_eo_v2_100_tl, 86237186", "prithvi_eo_v2_300, 303886336",
            "prithvi_eo_v2_300_tl, 303886338", "prithvi_eo_v2_600, 631188480", "prithvi_eo_v2_600_tl, 631188482"})
    void registeredSizesHaveUpstreamsWeights(String name, long parameters) {
        PrithviConfig config = PrithviConfig.named(name);
        long embed = config.embedDim();
        long patch = config.patch().height();
        Map<String, Shape> expected = new TreeMap<>();
        expected.put("cls_token", Shape.of(1, 1, embed));
        expected.put("pos_embed", Shape.of(1, 1 + config.grid().cells(), embed));
        expected.put("patch_embed.proj.weight", Shape.of(embed, 6, 1, patch, patch));
        expected.put("patch_embed.proj.bias", Shape.of(embed));
        if (name.endsWith("_tl")) {
            expected.put("temporal_embed_enc.scale", Shape.of(1));
            expected.put("location_embed_enc.scale", Shape.of(1));
        }
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
        Structure structure = Structure.of(PrithviViT.loader(config)::load);
        Map<String, Shape> found = new TreeMap<>();
        structure.weights().forEach((key, entry) -> found.put(key, entry.shape()));
        assertEquals(expected, found);
        assertEquals(parameters, structure.parameterCount());
        assertEquals(Structure.Kind.BUFFER, structure.weights().get("pos_embed").kind());
    }

    private static void pair(Map<String, Shape> weights, String layer, long... shape) {
        weights.put(layer + ".weight", Shape.of(shape));
        weights.put(layer + ".bias", Shape.of(shape[0]));
    }

    @Test
    void theEpsilonOfTheNormsIsAnArgument() {
        PrithviConfig half = config("prithvi_eo_v2_300", Map.of("layer_norm_eps", 0.5));
        PrithviConfig usual = config("prithvi_eo_v2_300", Map.of());
        Checkpoint weights = random(half);
        Checkpoint without = TestInputs.withoutBlocks(weights);
        try (Scope scope = Scope.open(Device.cpu())) {
            Input image = Input.of(scope.of(pixels(2 * 2 * 64), 1, 2, 2, 8, 8));
            for (PrithviConfig config : List.of(half, usual)) {
                List<Feature> features = load(scope, without, config).forward(scope, image);
                TestInputs.isNorm(features.getFirst().tensor(), StateDict.of(weights).at("norm"), config.eps(),
                        features.getLast().tensor());
            }
            assertFalse(Arrays.equals(
                    load(scope, weights, half).forward(scope, image).getFirst().tensor().toFloatArray(),
                    load(scope, weights, usual).forward(scope, image).getFirst().tensor().toFloatArray()));
        }
    }

    /** Where columns come in pairs, a patch of twice as many is one of half as many with the sums of their weights. */
    @Test
    void aPatchNeedNotBeASquare() {
        PrithviConfig square = config("prithvi_eo_v2_300", Map.of());
        PrithviConfig wide = config("prithvi_eo_v2_300",
                Map.of("patch_size", List.of(1, 4, 8), "img_size", List.of(8, 16)));
        assertEquals(square.grid(), wide.grid());
        Checkpoint weights = random(wide);
        float[] kernel = StateDict.of(weights).takeFloats("patch_embed.proj.weight", 32, 2, 1, 4, 8);
        float[] summed = new float[kernel.length / 2];
        for (int i = 0; i < kernel.length; i++) {
            summed[i / 2] += kernel[i];
        }
        float[] pixels = pixels(2 * 2 * 3 * 8 * 16);
        float[] twice = new float[2 * pixels.length];
        for (int i = 0; i < twice.length; i++) {
            twice[i] = pixels[i / 2];
        }
        try (Scope scope = Scope.open(Device.cpu())) {
            PrithviViT model = load(scope, weights, wide);
            PrithviViT half = load(scope, TestInputs.with(weights, "patch_embed.proj.weight", summed, 32, 2, 1, 4, 4),
                    square);
            assertEquals(List.of(4, 8), List.of(model.patchSize().orElseThrow(), model.patchColumns().orElseThrow()));
            assertEquals(Shape.of(1, 2, 2, 8, 16), model.example(scope).orElseThrow().image().shape());
            // Of the grid of the weights, and of another.
            for (long[] shape : new long[][] {{3, 2, 2, 8, 8}, {1, 2, 3, 16, 8}}) {
                int count = (int) Shape.of(shape).numElements();
                Tensor image = scope.of(Arrays.copyOf(pixels, count), shape);
                long[] doubled = shape.clone();
                doubled[4] *= 2;
                Tensor paired = scope.of(Arrays.copyOf(twice, 2 * count), doubled);
                float[] expected = half.forward(scope, Input.of(image)).getLast().tensor().toFloatArray();
                assertArrayEquals(expected, model.forward(scope, Input.of(paired)).getLast().tensor().toFloatArray(),
                        1e-4f);
            }
        }
    }

    @Test
    void registeredSizesGiveTokensOfAllBlocks() {
        for (String name : PrithviConfig.names()) {
            Arguments arguments = Arguments.of(name, Map.of("num_frames", 3));
            PrithviConfig config = PrithviConfig.of(name, arguments);
            int side = 224 / config.patch().height();
            onMeta(config, (scope, model) -> {
                Input input = Input.of(scope.empty(DType.F32, 2, 6, 3, 224, 224))
                        .with(PrithviViT.TEMPORAL, scope.empty(DType.F32, 2, 3, 2))
                        .with(PrithviViT.LOCATION, scope.empty(DType.F32, 2, 2));
                List<Feature> features = model.forward(scope, input);
                assertEquals(config.depth(), features.size());
                features.forEach(f -> assertEquals(
                        Shape.of(2, 1 + 3 * side * side, config.embedDim()), f.tensor().shape(), name));
                model.prepareFeaturesForImageModel(scope, features).forEach(f -> assertEquals(
                        Shape.of(2, 3 * config.embedDim(), side, side), f.tensor().shape(), name));
                assertEquals(config.depth(), model.outChannels().size());
                assertEquals(3 * config.embedDim(), model.outChannels().getFirst());
                assertEquals(config.patch().height(), model.patchSize().orElseThrow());
                assertEquals(1, model.temporalPatchSize());
            });
        }
    }

    @Test
    void outIndicesAreTakenInTheirOrder() {
        try (Scope scope = Scope.open(Device.cpu())) {
            PrithviConfig all = config("prithvi_eo_v2_100", Map.of());
            Checkpoint checkpoint = random(all);
            Input input = Input.of(scope.of(pixels(256), 1, 2, 2, 8, 8));
            List<float[]> whole = values(load(scope, checkpoint, all).forward(scope, input));
            PrithviConfig some = config("prithvi_eo_v2_100", Map.of("out_indices", List.of(-1, 0)));
            PrithviViT model = load(scope, checkpoint, some);
            List<float[]> chosen = values(model.forward(scope, input));
            assertEquals(2, chosen.size());
            assertEquals(List.of(64, 64), model.outChannels());
            assertArrayEquals(whole.get(2), chosen.get(0));
            assertArrayEquals(whole.get(0), chosen.get(1));
        }
    }

    private static List<float[]> values(List<Feature> features) {
        return features.stream().map(f -> f.tensor().toFloatArray()).toList();
    }

    @Test
    void batchAndThreadsDoNotChangeABit() {
        float[] images = pixels(3 * 256);
        float[] dates = {2020, 15, 2021, 200, 2019, 1, 2018, 365, 2022, 77, 2023, 300};
        float[] places = {52.5f, 13.4f, -33.9f, 151.2f, 0, 0};
        float[] together = run(2, images, dates, places);
        assertArrayEquals(together, run(1, images, dates, places), "one thread");
        assertArrayEquals(together, run(5, images, dates, places), "five threads");
        for (int b = 0; b < 3; b++) {
            float[] alone = run(2, Arrays.copyOfRange(images, 256 * b, 256 * (b + 1)),
                    Arrays.copyOfRange(dates, 4 * b, 4 * (b + 1)), Arrays.copyOfRange(places, 2 * b, 2 * (b + 1)));
            assertArrayEquals(Arrays.copyOfRange(together, b * alone.length, (b + 1) * alone.length), alone,
                    "image " + b);
        }
    }

    private static float[] run(int threads, float[] images, float[] dates, float[] places) {
        int batch = places.length / 2;
        PrithviConfig config = config("prithvi_eo_v2_100_tl", Map.of());
        try (Device device = Device.cpu(new CpuOptions(threads, CpuLevel.AUTO, 0)); Scope scope = Scope.open(device)) {
            Input input = Input.of(scope.of(images, batch, 2, 2, 8, 8))
                    .with(PrithviViT.TEMPORAL, scope.of(dates, batch, 2, 2))
                    .with(PrithviViT.LOCATION, scope.of(places, batch, 2));
            return load(scope, random(config), config).forward(scope, input).getLast().tensor().toFloatArray();
        }
    }

    @Test
    void coordinatesCountWhereTheModelKnowsThem() {
        PrithviConfig with = config("prithvi_eo_v2_100_tl", Map.of());
        PrithviConfig time = config("prithvi_eo_v2_100_tl", Map.of("coords_encoding", List.of("time")));
        PrithviConfig without = config("prithvi_eo_v2_100", Map.of());
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor image = scope.of(pixels(256), 1, 2, 2, 8, 8);
            Input bare = Input.of(image);
            Input dated = bare.with(PrithviViT.TEMPORAL, scope.of(new float[] {2020, 15, 2021, 200}, 1, 2, 2));
            Input placed = bare.with(PrithviViT.LOCATION, scope.of(new float[] {52.5f, 13.4f}, 1, 2));
            PrithviViT model = load(scope, random(with), with);
            float[] none = last(scope, model, bare);
            assertFalse(Arrays.equals(none, last(scope, model, dated)));
            assertFalse(Arrays.equals(none, last(scope, model, placed)));
            PrithviViT timeOnly = load(scope, random(time), time);
            assertArrayEquals(last(scope, timeOnly, bare), last(scope, timeOnly, placed));
            PrithviViT plain = load(scope, random(without), without);
            assertArrayEquals(last(scope, plain, bare), last(scope, plain, dated));
        }
    }

    private static float[] last(Scope scope, PrithviViT model, Input input) {
        return model.forward(scope, input).getLast().tensor().toFloatArray();
    }

    @Test
    void whatIsLeftOverBesideWholePatchesIsNotSeen() {
        PrithviConfig config = config("prithvi_eo_v2_100", Map.of("patch_size", List.of(2, 4, 4)));
        try (Scope scope = Scope.open(Device.cpu())) {
            PrithviViT model = load(scope, random(config), config);
            Tensor image = scope.of(pixels(2 * 3 * 9 * 11), 1, 2, 3, 9, 11);
            Tensor covered = Kernels.copy(scope, image.slice(2, 0, 2).slice(3, 0, 8).slice(4, 0, 8));
            assertArrayEquals(last(scope, model, Input.of(covered)), last(scope, model, Input.of(image)));
        }
    }

    @Test
    void mapsOfAnImageThatIsNoSquareNeedItsRows() {
        PrithviConfig config = config("prithvi_eo_v2_100", Map.of("num_frames", 1));
        onMeta(config, (scope, model) -> {
            // 6 x 5 patches: the root is 5 rows, upstream's guess; 2 x 7 cannot be 3 rows.
            List<Feature> tokens = model.forward(scope, Input.of(scope.empty(DType.F32, 1, 2, 24, 20)));
            assertEquals(Shape.of(1, 32, 5, 6),
                    model.prepareFeaturesForImageModel(scope, tokens).getFirst().tensor().shape());
            assertEquals(Shape.of(1, 32, 6, 5),
                    new TokenGrid(1, 6, 5).toMap(scope, tokens.getFirst().tensor()).shape());
            List<Feature> wide = model.forward(scope, Input.of(scope.empty(DType.F32, 1, 2, 8, 28)));
            String text = assertThrows(ShapeException.class, () -> model.prepareFeaturesForImageModel(scope, wide))
                    .getMessage();
            assertTrue(text.contains("14 patches") && text.contains("TokenGrid.toMap"), text);
        });
    }

    @Test
    void tokensBecomeMapsFrameByFrame() {
        try (Scope scope = Scope.open(Device.cpu())) {
            // Two images of one other token and 2 frames of 1 x 3 patches, 2 channels.
            float[] values = new float[2 * 7 * 2];
            for (int i = 0; i < values.length; i++) {
                values[i] = i;
            }
            float[] expected = new float[2 * 4 * 3];
            for (int i = 0; i < expected.length; i++) {
                int sample = i / 12;
                int channel = i / 3 % 4;
                int token = 1 + channel / 2 * 3 + i % 3;
                expected[i] = values[(sample * 7 + token) * 2 + channel % 2];
            }
            Tensor map = new TokenGrid(2, 1, 3).toMap(scope, scope.of(values, 2, 7, 2));
            assertEquals(Shape.of(2, 4, 1, 3), map.shape());
            assertArrayEquals(expected, map.toFloatArray());
        }
    }

    @Test
    void inputsThatDoNotFitAreRefused() {
        onMeta(config("prithvi_eo_v2_100_tl", Map.of()), (scope, model) -> {
            refuses(model, "3 bands, the model takes 2", Input.of(scope.empty(DType.F32, 1, 3, 2, 8, 8)));
            refuses(model, "smaller than a patch", Input.of(scope.empty(DType.F32, 1, 2, 2, 8, 3)));
            refuses(model, "2 frames", Input.of(scope.empty(DType.F32, 1, 2, 8, 8)));
            Input image = Input.of(scope.empty(DType.F32, 2, 2, 2, 8, 8));
            refuses(model, "temporal_coords has shape [2, 3, 2], expected [2, 2, 2]",
                    image.with(PrithviViT.TEMPORAL, scope.empty(DType.F32, 2, 3, 2)));
            refuses(model, "location_coords has shape [1, 2], expected [2, 2]",
                    image.with(PrithviViT.LOCATION, scope.empty(DType.F32, 1, 2)));
            Input threeFrames = Input.of(scope.empty(DType.F32, 2, 2, 3, 12, 12));
            refuses(model, "27 patches cannot be shared out to the 2 dates",
                    threeFrames.with(PrithviViT.TEMPORAL, scope.empty(DType.F32, 2, 2, 2)));
            Input unknown = image.with("location", scope.empty(DType.F32, 2, 2));
            String text = assertThrows(ArgumentException.class, () -> model.forward(scope, unknown)).getMessage();
            assertTrue(text.contains("\"location\"") && text.contains("location_coords"), text);
        });
    }

    private static void refuses(PrithviViT model, String says, Input input) {
        try (Scope scope = Scope.open(Device.meta())) {
            String text = assertThrows(ShapeException.class, () -> model.forward(scope, input)).getMessage();
            assertTrue(text.contains(says), text);
        }
    }
}
