// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static io.gatun.factory.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.factory.decoders.DecoderLoader;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the golden cases of the decoders do not show: other norms, ASPP, refusals and ignored arguments. */
class DecoderTest {
    private static final Map<String, Object> NONE = Map.of();

    private final SplittableRandom random = new SplittableRandom(5);
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open(Device.cpu());
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private Tensor run(DecoderLoader loader, Checkpoint weights, List<ReferenceMap> maps) {
        Decoder decoder = loader.load(scope, weights);
        assertEquals(loader.outChannels(), decoder.outChannels());
        return decoder.forward(scope, maps.stream().map(map -> map.on(scope)).toList());
    }

    private static ReferenceMap convModule(ReferenceMap x, Checkpoint weights, String name, int dilation) {
        return x.conv(weights, name + ".conv", dilation).batchNorm(weights, name + ".norm").relu();
    }

    @Test
    void decodersRefuseFeaturesThatAreNotThereWhenBuilt() {
        List<Integer> channels = List.of(4, 4);
        refused(ArgumentException.class, () -> Parts.decoder("FCNDecoder", channels, Map.of("in_index", 2)),
                "in_index has 2", "there are 2 features");
        refused(ArgumentException.class, () -> Parts.decoder("IdentityDecoder", channels, Map.of("out_index", -3)),
                "out_index has -3");
        refused(ArgumentException.class, () -> Parts.decoder("LinearDecoder", channels,
                Map.of("num_classes", 2, "upsampling_size", 2, "in_index", 5)), "in_index has 5");
        refused(ArgumentException.class, () -> Parts.decoder("ASPPHead", channels,
                Map.of("channels", 2, "in_index", 5)), "in_index has 5");
    }

    @Test
    void decodersRefuseOtherMapsThanAnnounced() {
        DecoderLoader loader = Parts.decoder("FCNDecoder", List.of(4), Map.of("channels", 3, "num_convs", 1));
        Checkpoint weights = Parts.random(loader, 1);
        refused(ShapeException.class,
                () -> run(loader, weights, List.of(ReferenceMap.random(random, 1, 5, 2, 2))), "[1, 5, 2, 2]",
                "[B, 4, H, W]");
    }

    @Test
    void argumentsThatADecoderLacksAreRefusedByName() {
        refused(ArgumentException.class, () -> Parts.decoder("FCNDecoder", List.of(4), Map.of("chanels", 8)), "chanels",
                "did you mean channels?");
    }

    @Test
    void theFcnDecoderNeedsABlock() {
        refused(ArgumentException.class, () -> Parts.decoder("FCNDecoder", List.of(4), Map.of("num_convs", 0)),
                "num_convs is 0", "at least 1");
    }

    @Test
    void theIdentityDecoderGivesTheFeatureItself() {
        Decoder decoder = Parts.decoder("IdentityDecoder", List.of(2, 3), Map.of("out_index", 0))
                .load(scope, new Checkpoint("none", "none", Map.of(), Map.of()));
        List<Tensor> features = List.of(scope.zeros(1, 2, 1, 1), scope.zeros(1, 3, 1, 1));
        assertSame(features.getFirst(), decoder.forward(scope, features));
        assertEquals(2, decoder.outChannels());
    }

    @Test
    void onlyDecodersWithTheirOwnHeadSaySo() {
        assertTrue(Parts.decoder("LinearDecoder", List.of(4), Map.of("num_classes", 2, "upsampling_size", 2))
                .includesHead());
        assertTrue(Parts.decoder("ASPPSegmentationHead", List.of(4), Map.of("channels", 2)).includesHead());
        assertFalse(Parts.decoder("ASPPRegressionHead", List.of(4), Map.of("channels", 2)).includesHead());
        assertFalse(Parts.decoder("FCNDecoder", List.of(4), NONE).includesHead());
    }

    @Test
    void theUnetNeedsAChannelForEachFeature() {
        refused(ShapeException.class,
                () -> Parts.decoder("UNetDecoder", List.of(4, 8), Map.of("channels", List.of(8))),
                "channels should have the same length as embed_dim", "2 features", "[8]");
        refused(ArgumentException.class, () -> Parts.decoder("UNetDecoder", List.of(4), NONE), "channels is missing");
    }

    @Test
    void theUnetRefusesUnknownAttentionAndTooFewChannelsForIt() {
        refused(ArgumentException.class, () -> Parts.decoder("UNetDecoder", List.of(32),
                Map.of("channels", List.of(32), "attention_type", "cbam")), "cbam", "scse");
        refused(ShapeException.class, () -> Parts.decoder("UNetDecoder", List.of(32),
                Map.of("channels", List.of(8), "attention_type", "scse")), "8 channels", "at least 16");
    }

    @Test
    void theUnetRefusesNormsThatItLacks() {
        for (Object norm : List.of("inplace", "layernorm", Map.of("type", "nonsense"), 3)) {
            refused(ArgumentException.class, () -> Parts.decoder("UNetDecoder", List.of(4),
                    Map.of("channels", List.of(4), "use_batchnorm", norm)), "use_batchnorm", "instancenorm");
        }
        refused(ArgumentException.class, () -> Parts.decoder("UNetDecoder", List.of(4), Map.of("channels", List.of(4),
                "use_batchnorm", Map.of("type", "batchnorm", "afine", false))), "afine");
    }

    @Test
    void theUnetWithoutNormHasBiases() {
        unet(false, (map, _, _) -> map, Set.of("0.weight", "0.bias"));
        unet("identity", (map, _, _) -> map, Set.of("0.weight", "0.bias"));
    }

    @Test
    void theUnetNormalisesEachChannelOfEachSampleOnDemand() {
        unet("instancenorm", (map, _, _) -> map.instanceNorm(1e-5), Set.of("0.weight"));
        unet(Map.of("type", "instancenorm", "eps", 0.5), (map, _, _) -> map.instanceNorm(0.5), Set.of("0.weight"));
        unet(Map.of("type", "instancenorm", "affine", true),
                (map, weights, name) -> map.instanceNorm(1e-5).affine(weights, name),
                Set.of("0.weight", "1.weight", "1.bias"));
        DecoderLoader loader = Parts.decoder("UNetDecoder", List.of(3),
                Map.of("channels", List.of(2), "use_batchnorm", "instancenorm"));
        refused(ShapeException.class,
                () -> run(loader, Parts.random(loader, 9), List.of(ReferenceMap.random(random, 1, 3, 1, 1))),
                "one pixel");
    }

    @Test
    void theUnetNormalisesByTheStatisticsOfTheTrainingOnDemand() {
        for (boolean affine : new boolean[] {true, false}) {
            Set<String> parameters = affine
                    ? Set.of("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var")
                    : Set.of("0.weight", "1.running_mean", "1.running_var");
            for (String type : List.of("instancenorm", "batchnorm")) {
                unet(Map.of("type", type, "affine", affine, "track_running_stats", true),
                        (map, weights, name) -> map.batchNorm(weights, name), parameters);
            }
        }
    }

    @Test
    void theUnetNormalisesAllSamplesTogetherOnDemand() {
        unet(Map.of("type", "batchnorm", "track_running_stats", false), DecoderTest::together,
                Set.of("0.weight", "1.weight", "1.bias"));
        unet(Map.of("type", "batchnorm", "track_running_stats", false, "affine", false), DecoderTest::together,
                Set.of("0.weight"));
    }

    /** As one sample of all rows. */
    private static ReferenceMap together(ReferenceMap map, Checkpoint weights, String name) {
        ReferenceMap tall = ReferenceMap.of(1, map.channels(), map.batch() * map.rows(), map.columns(),
                (_, c, y, x) -> map.at(y / map.rows(), c, y % map.rows(), x)).instanceNorm(1e-5);
        return ReferenceMap.of(map.batch(), map.channels(), map.rows(), map.columns(),
                (b, c, y, x) -> tall.at(0, c, b * map.rows() + y, x)).affine(weights, name);
    }

    private interface Norm {
        ReferenceMap of(ReferenceMap map, Checkpoint weights, String name);
    }

    private void unet(Object norm, Norm normed, Set<String> parameters) {
        DecoderLoader loader = Parts.decoder("UNetDecoder", List.of(3, 4),
                Map.of("channels", List.of(5, 2), "use_batchnorm", norm));
        Checkpoint weights = Parts.random(loader, 9);
        String blocks = "decoder.blocks.";
        parameters.forEach(each -> assertTrue(weights.tensors().containsKey(blocks + "0.conv1." + each), each));
        assertEquals(4 * parameters.size(), weights.tensors().keySet().stream()
                .filter(each -> !each.endsWith("num_batches_tracked")).count());
        List<ReferenceMap> maps = List.of(
                ReferenceMap.random(random, 2, 3, 7, 6), ReferenceMap.random(random, 2, 4, 4, 3));
        ReferenceMap x = maps.get(1).nearest(7, 6).beside(maps.get(0));
        for (String conv : List.of("0.conv1", "0.conv2", "1.conv1", "1.conv2")) {
            x = normed.of(x.conv(weights, blocks + conv + ".0", 1), weights, blocks + conv + ".1").relu();
        }
        x.assertClose(run(loader, weights, maps));
    }

    @Test
    void theEpsilonOfABatchNormIsHeeded() {
        DecoderLoader loader = Parts.decoder("UNetDecoder", List.of(3), Map.of("channels", List.of(3)));
        DecoderLoader other = Parts.decoder("UNetDecoder", List.of(3), Map.of("channels", List.of(3),
                "use_batchnorm", Map.of("type", "batchnorm", "eps", 3.0, "momentum", 0.01)));
        Checkpoint weights = Parts.random(loader, 9);
        List<ReferenceMap> maps = List.of(ReferenceMap.random(random, 1, 3, 4, 4));
        assertFalse(Arrays.equals(run(loader, weights, maps).toFloatArray(),
                run(other, weights, maps).toFloatArray()));
    }

    @Test
    void upernetRefusesWhatItCannotBuild() {
        refused(ShapeException.class,
                () -> Parts.decoder("UperNetDecoder", List.of(8, 8), Map.of("scale_modules", true)), "exactly 4");
        refused(ArgumentException.class,
                () -> Parts.decoder("UperNetDecoder", List.of(8), Map.of("pool_scales", List.of(0))),
                "pool_scales is 0");
        refused(ArgumentException.class, () -> Parts.decoder("UperNetDecoder", List.of(8), Map.of("channels", -1)),
                "channels is -1");
    }

    @Test
    void argumentsThatTheMlpIgnoresAreTakenUnlessCorrected() {
        DecoderLoader plain = Parts.decoder("MLPDecoder", List.of(3, 3), NONE);
        Checkpoint weights = Parts.random(plain, 2);
        List<ReferenceMap> maps =
                List.of(ReferenceMap.random(random, 1, 3, 2, 2), ReferenceMap.random(random, 1, 3, 2, 2));
        assertArrayEquals(run(plain, weights, maps).toFloatArray(), run(Parts.decoder("MLPDecoder", List.of(3, 3),
                Map.of("channels", 50, "out_dim", 7)), weights, maps).toFloatArray());
        refused(ArgumentException.class, () -> Parts.decoder("MLPDecoder", List.of(3, 3),
                Map.of("channels", 50, "corrected", true)), "channels has no effect");
    }

    @Test
    void theMlpAppliesItsActivationBehindTheProduct() {
        DecoderLoader linear = Parts.decoder("MLPDecoder", List.of(3), Map.of("activation", "Identity"));
        Checkpoint weights = Parts.random(linear, 2);
        List<ReferenceMap> maps = List.of(ReferenceMap.random(random, 2, 3, 3, 2));
        float[] before = run(linear, weights, maps).toFloatArray();
        float[] after = run(Parts.decoder("MLPDecoder", List.of(3), Map.of("activation", "Sigmoid")), weights, maps)
                .toFloatArray();
        for (int i = 0; i < before.length; i++) {
            assertEquals(1 / (1 + Math.exp(-before[i])), after[i], 1e-6);
        }
        float[] formula = run(Parts.decoder("MLPDecoder", List.of(3), Map.of("activation", "Softsign")), weights, maps)
                .toFloatArray();
        for (int i = 0; i < before.length; i++) {
            assertEquals(before[i] / (1 + Math.abs(before[i])), formula[i], 1e-6);
        }
        refused(ArgumentException.class, () -> Parts.decoder("MLPDecoder", List.of(3), Map.of("activation", "Swish")),
                "Swish", "ReLU");
    }

    @Test
    void theMlpRefusesMapsOfDifferentChannels() {
        refused(ShapeException.class, () -> Parts.decoder("MLPDecoder", List.of(3, 4), NONE), "[3, 4]",
                "the same number");
    }

    @Test
    void theLinearDecoderNeedsClassesAndSize() {
        refused(ArgumentException.class, () -> Parts.decoder("LinearDecoder", List.of(4), Map.of("num_classes", 2)),
                "upsampling_size is missing");
        refused(ArgumentException.class, () -> Parts.decoder("LinearDecoder", List.of(4),
                Map.of("num_classes", 0, "upsampling_size", 2)), "num_classes is 0");
    }

    @Test
    void asppIsItsDefinition() {
        DecoderLoader loader = Parts.decoder("ASPPHead", List.of(9, 4),
                Map.of("channels", 3, "dilations", List.of(1, 2, 6), "in_channels", 4, "out_dim", 8));
        Checkpoint weights = Parts.random(loader, 6);
        List<ReferenceMap> maps =
                List.of(ReferenceMap.random(random, 2, 9, 3, 3), ReferenceMap.random(random, 2, 4, 8, 7));
        aspp(maps.get(1), weights, List.of(1, 2, 6)).assertClose(run(loader, weights, maps));
        assertEquals(3, loader.outChannels());
    }

    @Test
    void asppPutsSeveralMapsSideBySideOnDemand() {
        DecoderLoader loader = Parts.decoder("ASPPRegressionHead", List.of(2, 5, 4), Map.of("channels", 3, "dilations",
                List.of(1, 3), "in_index", List.of(0, -1), "input_transform", "resize_concat"));
        Checkpoint weights = Parts.random(loader, 6);
        List<ReferenceMap> maps = List.of(ReferenceMap.random(random, 1, 2, 6, 5),
                ReferenceMap.random(random, 1, 5, 2, 2), ReferenceMap.random(random, 1, 4, 3, 4));
        aspp(maps.get(0).beside(maps.get(2).bilinear(6, 5)), weights, List.of(1, 3)).conv(weights, "conv_reg", 1)
                .assertClose(run(loader, weights, maps));
    }

    @Test
    void asppForSegmentationEndsInItsClasses() {
        DecoderLoader loader = Parts.decoder("ASPPSegmentationHead", List.of(4),
                Map.of("channels", 3, "num_classes", 5, "head_dropout_ratio", 0));
        Checkpoint weights = Parts.random(loader, 6);
        List<ReferenceMap> maps = List.of(ReferenceMap.random(random, 1, 4, 5, 4));
        aspp(maps.get(0), weights, List.of(1, 6, 12, 18)).conv(weights, "conv_seg", 1)
                .assertClose(run(loader, weights, maps));
        Structure structure = Structure.of(loader::load);
        assertEquals(Shape.of(3, 4, 1, 1),
                structure.weights().get("aspp_modules.model_sequence.0.conv.weight").shape());
        assertEquals(Shape.of(3, 4, 3, 3),
                structure.weights().get("aspp_modules.model_sequence.3.conv.weight").shape());
        assertEquals(Shape.of(3, 15, 3, 3), structure.weights().get("bottleneck.conv.weight").shape());
    }

    private static ReferenceMap aspp(ReferenceMap x, Checkpoint weights, List<Integer> dilations) {
        ReferenceMap all = convModule(x.mean(), weights, "image_pool.1", 1).nearest(x.rows(), x.columns());
        for (int i = 0; i < dilations.size(); i++) {
            all = all.beside(convModule(x, weights, "aspp_modules.model_sequence." + i, dilations.get(i)));
        }
        return convModule(all, weights, "bottleneck", 1);
    }

    @Test
    void asppRefusesWhatItCannotBuild() {
        refused(ArgumentException.class, () -> Parts.decoder("ASPPHead", List.of(4), NONE), "channels is missing");
        refused(ShapeException.class,
                () -> Parts.decoder("ASPPHead", List.of(4), Map.of("channels", 3, "in_channels", 5)),
                "in_channels is 5", "have 4");
        refused(ArgumentException.class, () -> Parts.decoder("ASPPHead", List.of(4),
                Map.of("channels", 3, "input_transform", "multiple_select")), "multiple_select", "resize_concat");
        refused(ArgumentException.class, () -> Parts.decoder("ASPPHead", List.of(4, 4),
                Map.of("channels", 3, "in_index", List.of(0, 1))), "in_index is [0, 1]", "resize_concat");
        refused(ArgumentException.class, () -> Parts.decoder("ASPPHead", List.of(4),
                Map.of("channels", 3, "dilations", List.of(0))), "dilations is 0");
    }
}
