// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terrafm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.GatunException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerraFMTest {
    private static TerraFMConfig config(Map<String, ?> more) {
        Map<String, Object> all = new LinkedHashMap<>(Map.of("img_size", 16, "patch_size", 4, "embed_dim", 32, "depth",
                3, "num_heads", 4, "out_indices", List.of(0, 2)));
        all.putAll(more);
        Arguments arguments = Arguments.of("terrafm_base", all);
        TerraFMConfig config = TerraFMConfig.of("terrafm_base", arguments);
        arguments.finish();
        return config;
    }

    private static TerraFM load(Scope scope, TerraFMConfig config) {
        return TerraFM.loader(config).load(scope, Structure.of(TerraFM.loader(config)::load).random(5));
    }

    private static Tensor image(Scope scope, long... shape) {
        SplittableRandom random = new SplittableRandom(Arrays.hashCode(shape));
        float[] pixels = new float[(int) Shape.of(shape).numElements()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = random.nextFloat();
        }
        return scope.of(pixels, shape);
    }

    /** 112 951 296 was counted with upstream's program for the base; the large one by the formula of the layers. */
    @ParameterizedTest
    @CsvSource({"terrafm_base, 112951296", "terrafm_b, 112951296", "terrafm_large, 345010176"})
    void publishedSizesHaveUpstreamsWeights(String name, long parameters) {
        TerraFMConfig config = TerraFMConfig.named(name);
        long embed = config.embedDim();
        long wide = 3 * embed;
        Map<String, Shape> expected = new TreeMap<>();
        expected.put("cls_token", Shape.of(1, 1, embed));
        expected.put("pos_embed", Shape.of(1, 197, embed));
        for (String kind : List.of("s2_l2a", "s2_l1c", "s1")) {
            pair(expected, "patch_embed.conv2d_" + kind, wide, kind.equals("s1") ? 2 : 12, 16, 16);
            expected.put("patch_embed." + kind + "_embed", Shape.of(1, wide));
        }
        expected.put("patch_embed.projection.proj1.weight", Shape.of(wide, wide));
        pair(expected, "patch_embed.projection.norm_input", wide);
        pair(expected, "patch_embed.projection.proj2", wide, wide);
        pair(expected, "patch_embed.projection.proj3", embed, wide);
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
        Structure structure = Structure.of(TerraFM.loader(config)::load);
        Map<String, Shape> found = new TreeMap<>();
        structure.weights().forEach((key, entry) -> {
            if (entry.kind() != Structure.Kind.UNUSED) {
                found.put(key, entry.shape());
            }
        });
        assertEquals(expected, found);
        assertEquals(parameters, structure.parameterCount());
    }

    private static void pair(Map<String, Shape> weights, String layer, long... shape) {
        weights.put(layer + ".weight", Shape.of(shape));
        weights.put(layer + ".bias", Shape.of(shape[0]));
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 16, 16", "2, 12, 16, 16", "1, 12, 12, 20", "1, 2, 32, 8", "1, 12, 19, 18"})
    void shapesOnTheMetaDeviceAreThoseOfARealRun(long batch, long bands, long height, long width) {
        TerraFMConfig config = config(Map.of());
        List<Shape> real;
        try (Device device = Device.cpu(); Scope scope = Scope.open(device)) {
            real = shapes(scope, load(scope, config), image(scope, batch, bands, height, width));
        }
        long cells = (height / 4) * (width / 4);
        assertEquals(List.of(Shape.of(batch, 32), Shape.of(batch, 32, height / 4, width / 4),
                Shape.of(batch, 32, height / 4, width / 4), Shape.of(batch, cells, 32), Shape.of(batch, 32),
                Shape.of(batch, 4, 1 + cells, 1 + cells)), real);
        Structure.of((scope, state) -> {
            TerraFM model = TerraFM.loader(config).load(scope, state);
            assertEquals(real, shapes(scope, model, scope.empty(DType.F32, batch, bands, height, width)));
            return model;
        });
    }

    private static List<Shape> shapes(Scope scope, TerraFM model, Tensor image) {
        List<Feature> features = model.forward(scope, Input.of(image));
        TerraFM.Layer layer = model.getIntermediateLayers(scope, image, 1, false).getFirst();
        return List.of(model.forward(scope, image).shape(), features.getFirst().tensor().shape(),
                features.getLast().tensor().shape(), layer.patches().shape(), layer.cls().shape(),
                model.getLastSelfAttention(scope, image).shape());
    }

    @Test
    void backboneSaysWhatItGives() {
        Structure.of((scope, state) -> {
            TerraFM model = TerraFM.loader(TerraFMConfig.named("terrafm_base")).load(scope, state);
            assertEquals(List.of(768, 768, 768, 768), model.outChannels());
            assertEquals(16, model.patchSize().orElseThrow());
            for (Feature feature : model.forward(scope, model.example(scope).orElseThrow())) {
                assertEquals(Shape.of(1, 768, 14, 14), feature.tensor().shape());
            }
            return model;
        });
    }

    @Test
    void anImageHasTheSameBitsInABatchAndWithOtherThreads() {
        TerraFMConfig config = config(Map.of());
        for (long bands : new long[] {2, 12}) {
            BiFunction<Integer, Boolean, float[]> run = (threads, alone) -> {
                try (Device device = Device.cpu(new CpuOptions(threads, CpuLevel.AUTO, 0));
                        Scope scope = Scope.open(device)) {
                    TerraFM model = load(scope, config);
                    Tensor images = image(scope, 3, bands, 20, 12);
                    Tensor used = alone ? Kernels.copy(scope, images.slice(0, 2, 3)) : images;
                    float[] all = model.forward(scope, used).toFloatArray();
                    float[] map = model.extractFeature(scope, used, List.of(1)).getFirst().toFloatArray();
                    int count = alone ? 1 : 3;
                    float[] last = Arrays.copyOfRange(all, all.length - all.length / count, all.length);
                    float[] lastMap = Arrays.copyOfRange(map, map.length - map.length / count, map.length);
                    float[] joined = Arrays.copyOf(last, last.length + lastMap.length);
                    System.arraycopy(lastMap, 0, joined, last.length, lastMap.length);
                    return joined;
                }
            };
            float[] alone = run.apply(1, true);
            assertArrayEquals(alone, run.apply(1, false));
            assertArrayEquals(alone, run.apply(2, false));
        }
    }

    @Test
    void intermediateLayersAreTheTokensOfMapsAndForward() {
        try (Device device = Device.cpu(); Scope scope = Scope.open(device)) {
            TerraFM model = load(scope, config(Map.of()));
            Tensor image = image(scope, 2, 12, 16, 16);
            TerraFM.Layer last = model.getIntermediateLayers(scope, image, 1, true).getFirst();
            assertArrayEquals(model.forward(scope, image).toFloatArray(), last.cls().toFloatArray());
            Tensor map = model.extractFeature(scope, image, List.of(2)).getFirst();
            assertArrayEquals(map.permute(0, 2, 3, 1).toFloatArray(), last.patches().toFloatArray());
        }
    }

    /** Upstream sends Level-2A through the stem of Level-1C; the other stem is an option. */
    @Test
    void twelveBandsTakeTheL1cStemUnlessAskedOtherwise() {
        TerraFMConfig config = config(Map.of());
        assertEquals(Stem.UPSTREAM_EXACT, TerraFMConfig.named("terrafm_base").stem());
        Checkpoint weights = Structure.of(TerraFM.loader(config)::load).random(5);
        Map<String, TensorData> swapped = new LinkedHashMap<>(weights.tensors());
        for (String name : List.of("conv2d_%s.weight", "conv2d_%s.bias", "%s_embed")) {
            String l2a = "patch_embed." + name.formatted("s2_l2a");
            String l1c = "patch_embed." + name.formatted("s2_l1c");
            swapped.put(l2a, weights.tensors().get(l1c));
            swapped.put(l1c, weights.tensors().get(l2a));
        }
        try (Device device = Device.cpu(); Scope scope = Scope.open(device)) {
            Tensor image = image(scope, 1, 12, 16, 16);
            Tensor radar = image(scope, 1, 2, 16, 16);
            TerraFM model = load(scope, config);
            TerraFM other = TerraFM.loader(config).load(scope,
                    StateDict.of(new Checkpoint("swapped", "", swapped, Map.of())));
            float[] exact = model.forward(scope, image).toFloatArray();
            float[] l2a = model.withStem(Stem.L2A_STEM).forward(scope, image).toFloatArray();
            assertFalse(Arrays.equals(exact, l2a));
            assertArrayEquals(l2a, other.forward(scope, image).toFloatArray());
            assertArrayEquals(exact, other.withStem(Stem.L2A_STEM).forward(scope, image).toFloatArray());
            assertArrayEquals(model.forward(scope, radar).toFloatArray(),
                    model.withStem(Stem.L2A_STEM).forward(scope, radar).toFloatArray());
        }
    }

    @Test
    void whatIsLeftOverBesideWholePatchesIsNotSeen() {
        try (Device device = Device.cpu(); Scope scope = Scope.open(device)) {
            TerraFM model = load(scope, config(Map.of()));
            Tensor image = image(scope, 1, 2, 15, 15);
            Tensor cut = Kernels.copy(scope, image.slice(2, 0, 12).slice(3, 0, 12));
            assertArrayEquals(model.forward(scope, cut).toFloatArray(), model.forward(scope, image).toFloatArray());
        }
    }

    /** Upstream compares rows and columns in pixels: positions are resampled although the patches are as many. */
    @Test
    void anImageThatIsNoSquareHasResampledPositionsEvenOnTheGridOfTheWeights() {
        try (Device device = Device.cpu(); Scope scope = Scope.open(device)) {
            TerraFM model = load(scope, config(Map.of()));
            Tensor image = image(scope, 1, 2, 16, 18);
            Tensor cut = Kernels.copy(scope, image.slice(3, 0, 16));
            assertFalse(Arrays.equals(model.forward(scope, cut).toFloatArray(),
                    model.forward(scope, image).toFloatArray()));
        }
    }

    @Test
    void attentionOfEachTokenSumsToOne() {
        try (Device device = Device.cpu(); Scope scope = Scope.open(device)) {
            TerraFM model = load(scope, config(Map.of("depth", 1, "out_indices", 0)));
            float[] weights = model.getLastSelfAttention(scope, image(scope, 1, 2, 16, 16)).toFloatArray();
            for (int row = 0; row < weights.length / 17; row++) {
                double sum = 0;
                for (int i = 0; i < 17; i++) {
                    sum += weights[row * 17 + i];
                }
                assertEquals(1, sum, 1e-5);
            }
        }
    }

    /** The logarithm of an attention is the scaled product, but for a number of the row. */
    @Test
    void theScaleOfQueriesAndKeysIsAnArgument() {
        Map<String, Object> one = Map.of("depth", 1, "out_indices", 0);
        Map<String, Object> scaled = new LinkedHashMap<>(one);
        scaled.put("qk_scale", 3 / Math.sqrt(8));
        try (Device device = Device.cpu(); Scope scope = Scope.open(device)) {
            Tensor image = image(scope, 1, 2, 16, 16);
            TerraFM usual = load(scope, config(one));
            TerraFM threefold = load(scope, config(scaled));
            float[] before = usual.getLastSelfAttention(scope, image).toFloatArray();
            float[] after = threefold.getLastSelfAttention(scope, image).toFloatArray();
            for (int i = 0; i < before.length; i++) {
                int first = i / 17 * 17;
                assertEquals(3 * Math.log(before[i] / before[first]), Math.log(after[i] / after[first]), 1e-4);
            }
            assertFalse(Arrays.equals(usual.forward(scope, image).toFloatArray(),
                    threefold.forward(scope, image).toFloatArray()));
            scaled.put("qk_scale", 1 / Math.sqrt(8));
            assertArrayEquals(usual.forward(scope, image).toFloatArray(),
                    load(scope, config(scaled)).forward(scope, image).toFloatArray(), 1e-5f);
            scaled.put("qk_scale", 0);
            assertArrayEquals(usual.forward(scope, image).toFloatArray(),
                    load(scope, config(scaled)).forward(scope, image).toFloatArray());
        }
    }

    @Test
    void aShorterModelGivesTheUsualBlocksThatItHas() {
        for (var each : Map.of(12, List.of(3, 5, 7, 11), 8, List.of(3, 5, 7), 6, List.of(3, 5), 3, List.of(2))
                .entrySet()) {
            Arguments arguments = Arguments.of("terrafm_base", Map.of("depth", each.getKey()));
            assertEquals(each.getValue(), TerraFMConfig.of("terrafm_base", arguments).outIndices());
        }
    }

    @Test
    void imagesThatDoNotFitAreRefused() {
        Structure.of((scope, state) -> {
            TerraFM model = TerraFM.loader(config(Map.of())).load(scope, state);
            assertSays(ShapeException.class, () -> model.forward(scope, scope.empty(DType.F32, 1, 3, 16, 16)),
                    "C = 2", "C = 12");
            assertSays(ShapeException.class, () -> model.forward(scope, scope.empty(DType.F32, 12, 16, 16)),
                    "[12, 16, 16]", "[B, C, H, W]");
            assertSays(ShapeException.class, () -> model.forward(scope, scope.empty(DType.F32, 1, 2, 3, 16)),
                    "smaller than a patch");
            Tensor image = scope.empty(DType.F32, 1, 2, 16, 16);
            assertSays(ArgumentException.class, () -> model.extractFeature(scope, image, List.of(3)), "[3]", "0 to 2");
            assertSays(ArgumentException.class, () -> model.getIntermediateLayers(scope, image, 4, false), "1 to 3");
            return model;
        });
    }

    @Test
    void argumentsThatDoNotFitAreRefused() {
        assertSays(ArgumentException.class, () -> TerraFMConfig.named("terrafm_bas"), "terrafm_base");
        assertSays(ArgumentException.class, () -> config(Map.of("stem", "l1c")), "l1c", "l2a-stem");
        assertSays(ArgumentException.class, () -> config(Map.of("out_indices", List.of(0, 3))), "from 0 to 2");
        assertSays(ArgumentException.class, () -> config(Map.of("num_heads", 5)), "embed_dim 32", "5");
        assertSays(ArgumentException.class, () -> config(Map.of("img_size", List.of(16, 24))), "[16, 24]");
        assertSays(ArgumentException.class, () -> config(Map.of("patch_size", 17)), "at least a patch");
        assertSays(ArgumentException.class, () -> config(Map.of("embed_dims", 32)), "embed_dim");
    }

    @Test
    void theLargeModelTakesItsPatchSize() {
        Arguments arguments = Arguments.of("terrafm_large", Map.of("patch_size", 8));
        assertEquals(8, TerraFMConfig.of("terrafm_large", arguments).patchSize());
    }

    @Test
    void weightsOfAnotherModelAreRefusedAndAHeadIsNot() {
        TerraFMConfig config = config(Map.of());
        Map<String, TensorData> tensors =
                new LinkedHashMap<>(Structure.of(TerraFM.loader(config)::load).random(5).tensors());
        tensors.put("head.weight", tensors.get("cls_token"));
        try (Device device = Device.cpu(); Scope scope = Scope.open(device)) {
            TerraFM.loader(config).load(scope, new Checkpoint("head", "", tensors, Map.of()));
            tensors.put("decoder.weight", tensors.remove("pos_embed"));
            Checkpoint other = new Checkpoint("other", "", tensors, Map.of());
            assertSays(CheckpointException.class, () -> TerraFM.loader(config).load(scope, other), "pos_embed",
                    "decoder.weight");
        }
    }

    private static void assertSays(Class<? extends GatunException> type, Runnable action, String... parts) {
        String message = assertThrows(type, action::run).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }
}
