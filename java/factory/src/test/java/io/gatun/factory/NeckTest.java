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
import io.gatun.core.Tensor;
import io.gatun.factory.necks.NeckLoader;
import io.gatun.factory.necks.NeckSequence;
import io.gatun.factory.necks.ReshapeTokensToImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the golden cases of the necks do not show: refusals, corrected behaviour, and upstream's errors mended. */
class NeckTest {
    private static final Map<String, Object> NONE = Map.of();
    private static final ImageSize SQUARE = new ImageSize(64, 64);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open(Device.cpu());
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private Neck neck(String name, List<Integer> channels, Map<String, ?> arguments) {
        NeckLoader loader = Parts.neck(name, channels, arguments);
        return loader.load(scope, Parts.random(loader, 7));
    }

    private Tensor only(String name, Map<String, ?> arguments, Tensor feature, ImageSize image) {
        return neck(name, List.of((int) feature.dim(-1)), arguments).forward(scope, List.of(feature), image).getFirst();
    }

    /** Values 0, 1, 2, ... */
    private Tensor counted(long... shape) {
        float[] values = new float[(int) Shape.of(shape).numElements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        return scope.of(values, shape);
    }

    @Test
    void selectIndicesRefusesIndicesOutOfRangeWhenBuilt() {
        refused(ArgumentException.class,
                () -> Parts.neck("SelectIndices", List.of(4, 8), Map.of("indices", List.of(0, 2))), "indices has 2",
                "there are 2 features", "expected -2 to 1");
        refused(ArgumentException.class, () -> Parts.neck("SelectIndices", List.of(4), NONE), "indices is missing");
    }

    @Test
    void permuteDimsRefusesAnOrderThatIsNone() {
        refused(ArgumentException.class,
                () -> Parts.neck("PermuteDims", List.of(4), Map.of("new_order", List.of(0, 2, 2))), "[0, 2, 2]",
                "each of the axes 0 to 2 once");
        Neck neck = neck("PermuteDims", List.of(4), Map.of("new_order", List.of(0, 2, 1)));
        refused(ShapeException.class, () -> neck.forward(scope, List.of(counted(1, 2, 2, 4)), SQUARE), "[1, 2, 2, 4]",
                "3 axes");
    }

    @Test
    void permuteDimsTakesNegativeAxes() {
        Tensor turned = only("PermuteDims", Map.of("new_order", List.of(0, -1, 1)), counted(1, 2, 3), SQUARE);
        assertEquals(Shape.of(1, 3, 2), turned.shape());
        assertArrayEquals(new float[] {0, 3, 1, 4, 2, 5}, turned.toFloatArray());
    }

    @Test
    void interpolationByAreaRepeatsPixelsWhereItGrows() {
        Tensor grown = neck("InterpolateToPyramidal", List.of(1), Map.of("mode", "area"))
                .forward(scope, List.of(counted(1, 1, 2, 2)), SQUARE).getFirst();
        assertArrayEquals(new float[] {0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3}, grown.toFloatArray());
    }

    @Test
    void nearestExactIsNearestForWholeFactors() {
        Tensor grown = neck("InterpolateToPyramidal", List.of(1), Map.of("mode", "nearest-exact", "scale_factor", 3))
                .forward(scope, List.of(counted(1, 1, 1, 2)), SQUARE).getFirst();
        assertEquals(Shape.of(1, 1, 3, 6), grown.shape());
        assertArrayEquals(new float[] {0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1}, grown.toFloatArray());
        refused(ArgumentException.class, () -> Parts.neck("InterpolateToPyramidal", List.of(1),
                Map.of("mode", "nearest-exact", "scale_factor", 1.5)), "nearest-exact", "1.5", "a whole number");
    }

    @Test
    void interpolationRefusesUnknownModesAndFactors() {
        refused(ArgumentException.class,
                () -> Parts.neck("InterpolateToPyramidal", List.of(1), Map.of("mode", "trilinear")), "trilinear",
                "nearest, bilinear, bicubic, area");
        refused(ArgumentException.class,
                () -> Parts.neck("InterpolateToPyramidal", List.of(1), Map.of("scale_factor", 0)), "scale_factor is 0");
    }

    @Test
    void tokensGivenToANeckForMapsAreRefusedWithTheNeckThatIsMissing() {
        Neck neck = neck("InterpolateToPyramidal", List.of(4), NONE);
        refused(ShapeException.class, () -> neck.forward(scope, List.of(counted(1, 9, 4)), SQUARE), "[1, 9, 4]",
                "ReshapeTokensToImage");
    }

    @Test
    void maxpoolRefusesAKernelBelowOneAndMapsThatAreTooSmall() {
        refused(ArgumentException.class, () -> Parts.neck("MaxpoolToPyramidal", List.of(1), Map.of("kernel_size", 0)),
                "kernel_size is 0");
        Neck neck = neck("MaxpoolToPyramidal", List.of(1, 1), Map.of("kernel_size", 3));
        refused(ShapeException.class,
                () -> neck.forward(scope, List.of(counted(1, 1, 2, 2), counted(1, 1, 2, 2)), SQUARE), "kernel 3");
    }

    @Test
    void aGridThatIsNoSquareComesFromThePatchOfTheBackbone() {
        ReshapeTokensToImage neck = new ReshapeTokensToImage(
                ReshapeTokensToImage.Options.defaults().withPatchSize(OptionalInt.of(16)));
        Tensor map = neck.forward(scope, List.of(counted(1, 1 + 2 * 4, 3)), new ImageSize(32, 64)).getFirst();
        assertEquals(Shape.of(1, 3, 2, 4), map.shape());
        assertEquals(3f, map.toFloatArray()[0], "the first token is the class token");
        assertEquals(6f, map.toFloatArray()[1], "columns are fast");
    }

    @Test
    void aGridThatIsNoSquareIsInferredFromTheImage() {
        Tensor map = only("ReshapeTokensToImage", Map.of("remove_cls_token", false), counted(1, 6, 2),
                new ImageSize(24, 16));
        assertEquals(Shape.of(1, 2, 3, 2), map.shape());
    }

    @Test
    void aSquareNumberOfTokensIsASquareGridUnlessCorrected() {
        ImageSize wide = new ImageSize(32, 128);
        Tensor tokens = counted(1, 16, 1);
        assertEquals(Shape.of(1, 1, 4, 4),
                only("ReshapeTokensToImage", Map.of("remove_cls_token", false), tokens, wide).shape());
        assertEquals(Shape.of(1, 1, 2, 8), only("ReshapeTokensToImage",
                Map.of("remove_cls_token", false, "corrected", true), tokens, wide).shape());
    }

    @Test
    void aClassTokenThatIsNotThereStaysUnlessCorrected() {
        Tensor tokens = counted(1, 16, 1);
        Tensor map = only("ReshapeTokensToImage", NONE, tokens, SQUARE);
        assertArrayEquals(tokens.toFloatArray(), map.toFloatArray());
        refused(ShapeException.class,
                () -> only("ReshapeTokensToImage", Map.of("corrected", true), tokens, SQUARE), "[1, 16, 1]",
                "remove_cls_token true", "64 x 64", "set remove_cls_token");
    }

    @Test
    void aNeckThatKeptAClassTokenOnceRemovesTheNextOne() {
        Neck neck = neck("ReshapeTokensToImage", List.of(1), NONE);
        neck.forward(scope, List.of(counted(1, 16, 1)), SQUARE);
        Tensor map = neck.forward(scope, List.of(counted(1, 17, 1)), SQUARE).getFirst();
        assertEquals(Shape.of(1, 1, 4, 4), map.shape());
        assertEquals(1f, map.toFloatArray()[0]);
    }

    @Test
    void tokensThatFormNoGridAreRefused() {
        refused(ShapeException.class, () -> only("ReshapeTokensToImage", Map.of("remove_cls_token", false),
                counted(1, 23, 1), SQUARE), "[1, 23, 1]", "remove_cls_token false", "64 x 64");
        refused(ShapeException.class, () -> only("ReshapeTokensToImage", Map.of("h", 5), counted(1, 17, 1), SQUARE),
                "h 5");
        refused(ShapeException.class, () -> only("ReshapeTokensToImage",
                Map.of("remove_cls_token", false, "effective_time_dim", 3), counted(1, 16, 1), SQUARE),
                "effective_time_dim 3");
        refused(ArgumentException.class, () -> Parts.neck("ReshapeTokensToImage", List.of(1), Map.of("h", 0)),
                "h is 0");
        refused(ShapeException.class, () -> only("ReshapeTokensToImage", NONE, counted(4, 4), SQUARE), "[4, 4]");
    }

    @Test
    void aTokenIsPooledByItsNumber() {
        Tensor tokens = counted(2, 3, 2);
        assertArrayEquals(new float[] {2, 3, 8, 9},
                only("AggregateTokens", Map.of("pooling", 1), tokens, SQUARE).toFloatArray());
        assertArrayEquals(new float[] {4, 5, 10, 11},
                only("AggregateTokens", Map.of("pooling", -1), tokens, SQUARE).toFloatArray());
        refused(ShapeException.class, () -> only("AggregateTokens", Map.of("pooling", 3), tokens, SQUARE), "token 3",
                "there are 3");
    }

    @Test
    void aMapIsAveragedOverItsPlacesOnlyIfCorrected() {
        Tensor map = counted(1, 2, 2, 2);
        List<Tensor> asUpstream = neck("AggregateTokens", List.of(2), NONE).forward(scope, List.of(map), SQUARE);
        assertArrayEquals(new float[] {3, 4}, asUpstream.getFirst().toFloatArray());
        List<Tensor> corrected =
                neck("AggregateTokens", List.of(2), Map.of("corrected", true)).forward(scope, List.of(map), SQUARE);
        assertArrayEquals(new float[] {1.5f, 5.5f}, corrected.getFirst().toFloatArray());
    }

    @Test
    void aggregationAnnouncesTheOneFeatureThatComesOutIfCorrected() {
        List<Integer> channels = List.of(4, 8);
        assertEquals(channels, Parts.neck("AggregateTokens", channels, NONE).outChannels());
        assertEquals(List.of(4),
                Parts.neck("AggregateTokens", channels, Map.of("corrected", true, "index", 0)).outChannels());
    }

    @Test
    void unknownPoolingsAndFeaturesAreRefusedWhenBuilt() {
        refused(ArgumentException.class,
                () -> Parts.neck("AggregateTokens", List.of(4), Map.of("pooling", "median")), "median",
                "not recognized", "mean, max, min, CLS");
        refused(ArgumentException.class, () -> Parts.neck("AggregateTokens", List.of(4), Map.of("index", 1)),
                "index has 1");
    }

    @Test
    void theLearnedPyramidTakesExactlyFourMaps() {
        refused(ShapeException.class, () -> Parts.neck("LearnedInterpolateToPyramidal", List.of(8, 8, 8), NONE),
                "exactly 4", "there are 3", "SelectIndices");
        refused(ShapeException.class, () -> Parts.neck("LearnedInterpolateToPyramidal", List.of(3, 2, 1, 1), NONE),
                "[3, 2, 1, 1]");
    }

    @Test
    void theBottleneckLeavesTheListThatItIsGivenAsItIs() {
        List<Tensor> features = new ArrayList<>(List.of(counted(1, 4, 2, 2)));
        List<Tensor> more = neck("AddBottleneckLayer", List.of(4), NONE).forward(scope, features, SQUARE);
        assertEquals(1, features.size());
        assertEquals(2, more.size());
        assertSame(features.getFirst(), more.getFirst());
        refused(ShapeException.class, () -> Parts.neck("AddBottleneckLayer", List.of(1), NONE), "at least 2");
    }

    @Test
    void thePyramidNetworkIsThatOfTorchvision() {
        NeckLoader loader = Parts.neck("FeaturePyramidNetworkNeck", List.of(3, 5, 4), Map.of("out_channel", 6));
        assertEquals(List.of(6, 6, 6), loader.outChannels());
        Checkpoint weights = Parts.random(loader, 3);
        SplittableRandom random = new SplittableRandom(4);
        List<ReferenceMap> maps = List.of(ReferenceMap.random(random, 2, 3, 9, 7),
                ReferenceMap.random(random, 2, 5, 5, 4), ReferenceMap.random(random, 2, 4, 2, 3));
        List<Tensor> results = loader.load(scope, weights)
                .forward(scope, maps.stream().map(map -> map.on(scope)).toList(), SQUARE);
        assertEquals(3, results.size());
        ReferenceMap sum = maps.get(2).conv(weights, "fpn.inner_blocks.2.0", 1);
        sum.conv(weights, "fpn.layer_blocks.2.0", 1).assertClose(results.get(2));
        for (int i = 1; i >= 0; i--) {
            ReferenceMap inner = maps.get(i).conv(weights, "fpn.inner_blocks." + i + ".0", 1);
            sum = inner.plus(sum.nearest(inner.rows(), inner.columns()));
            sum.conv(weights, "fpn.layer_blocks." + i + ".0", 1).assertClose(results.get(i));
        }
    }

    @Test
    void thePyramidNetworkGivesAListWhateverOutputOrderedDictSays() {
        List<float[]> results = new ArrayList<>();
        for (boolean dictionary : new boolean[] {true, false}) {
            results.add(neck("FeaturePyramidNetworkNeck", List.of(2),
                    Map.of("out_channel", 2, "output_ordered_dict", dictionary))
                    .forward(scope, List.of(counted(1, 2, 2, 2)), SQUARE).getFirst().toFloatArray());
        }
        assertArrayEquals(results.get(0), results.get(1));
        refused(ArgumentException.class,
                () -> Parts.neck("FeaturePyramidNetworkNeck", List.of(2), Map.of("out_channel", 0)),
                "out_channel is 0");
    }

    @Test
    void otherFeaturesThanAnnouncedAreRefused() {
        Neck neck = neck("FeaturePyramidNetworkNeck", List.of(2, 2), Map.of("out_channel", 2));
        refused(ShapeException.class, () -> neck.forward(scope, List.of(counted(1, 2, 2, 2)), SQUARE),
                "1 features came", "2 were announced");
        refused(ShapeException.class,
                () -> neck.forward(scope, List.of(counted(1, 2, 2, 2), counted(1, 3, 2, 2)), SQUARE), "[1, 3, 2, 2]",
                "[B, 2, H, W]");
    }

    @Test
    void anErrorInsideANeckComesOutOfTheSequenceAfterOneRun() {
        int[] runs = {0};
        Neck failing = new Neck() {
            @Override
            public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
                runs[0]++;
                throw new ArgumentException("of the neck itself");
            }

            @Override
            public List<Integer> processChannelList(List<Integer> channels) {
                return channels;
            }
        };
        NeckSequence sequence = new NeckSequence(List.of(failing));
        refused(ArgumentException.class, () -> sequence.forward(scope, List.of(counted(1, 1)), SQUARE),
                "of the neck itself");
        assertEquals(1, runs[0]);
    }

    @Test
    void aSequenceClosesWhatItsNecksMadeForEachOtherAndNothingElse() {
        List<Tensor> between = new ArrayList<>();
        Neck watching = new Neck() {
            @Override
            public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
                between.addAll(features);
                return List.of(features.get(1));
            }

            @Override
            public List<Integer> processChannelList(List<Integer> channels) {
                return channels.subList(1, 2);
            }
        };
        Neck first = neck("MaxpoolToPyramidal", List.of(1, 1, 1), NONE);
        List<Tensor> given = List.of(counted(1, 1, 4, 4), counted(1, 1, 4, 4), counted(1, 1, 4, 4));
        List<Tensor> results = new NeckSequence(List.of(first, watching)).forward(scope, given, SQUARE);
        assertTrue(given.stream().noneMatch(Tensor::isClosed));
        assertFalse(results.getFirst().isClosed());
        assertTrue(between.get(2).isClosed());
    }
}
