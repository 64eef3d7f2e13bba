// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.temporal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.GatunException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.layers.ChannelsLast;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the golden cases leave open: errors, splits, rules, memory. */
class TemporalWrapperTest {
    private final Scope scope = Scope.open(Device.cpu());

    @AfterEach
    void close() {
        scope.close();
    }

    /** Gives the image itself, and what it was asked. */
    private static Backbone identity(List<Input> asked) {
        return GoldenEncoder.backbone(List.of(3), (inner, input) -> {
            asked.add(input);
            return Feature.of(List.of(input.image()));
        });
    }

    private Tensor random(long... shape) {
        Random random = new Random(7);
        int count = 1;
        for (long extent : shape) {
            count *= (int) extent;
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return scope.of(values, shape);
    }

    private static TemporalWrapper wrapper(TemporalOptions options) {
        return new TemporalWrapper(identity(new ArrayList<>()), options);
    }

    @ParameterizedTest
    @EnumSource(TemporalPooling.class)
    void theSplitIntoBatchesChangesNoBit(TemporalPooling pooling) {
        Tensor x = random(2, 3, 7, 5, 4);
        float[] whole = null;
        for (int steps : new int[] {7, 1, 3, 0}) {
            Tensor pooled = wrapper(TemporalOptions.of(pooling).withStepsPerBatch(steps)).forward(scope, Input.of(x))
                    .getFirst().tensor();
            if (whole == null) {
                whole = pooled.toFloatArray();
            }
            assertArrayEquals(whole, pooled.toFloatArray());
        }
    }

    @Test
    void meanAndMaxAreThoseOfTheDates() {
        Tensor x = scope.of(new float[] {1, 5, 3, -2}, 1, 1, 4, 1, 1);
        assertArrayEquals(new float[] {1.75f}, pooled(TemporalPooling.MEAN, x));
        assertArrayEquals(new float[] {5}, pooled(TemporalPooling.MAX, x));
        assertArrayEquals(new float[] {-4}, pooled(TemporalPooling.DIFF, x));
    }

    private float[] pooled(TemporalPooling pooling, Tensor x) {
        return wrapper(TemporalOptions.of(pooling)).forward(scope, Input.of(x)).getFirst().tensor().toFloatArray();
    }

    @Test
    void meanTakesNoMemoryThatGrowsWithTheDates() {
        try (Device device = Device.cpu(new CpuOptions(1, CpuLevel.AUTO, 0))) {
            long[] peaks = new long[2];
            for (int i = 0; i < 2; i++) {
                try (Scope own = Scope.open(device)) {
                    Tensor x = own.zeros(1, 3, i == 0 ? 4 : 40, 64, 64);
                    own.sync();
                    device.resetPeakMemory();
                    long before = device.memory().bytesInUse();
                    wrapper(TemporalOptions.of(TemporalPooling.MEAN).withStepsPerBatch(2)).forward(own, Input.of(x));
                    own.sync();
                    peaks[i] = device.memory().bytesPeak() - before;
                }
            }
            assertEquals(peaks[0], peaks[1]);
        }
    }

    @Test
    void differenceOfMoreThanTwoDatesIsOfTheFirstTwoUnlessToldOtherwise() {
        Tensor x = random(1, 3, 5, 2, 2);
        TemporalOptions diff = TemporalOptions.of(TemporalPooling.DIFF);
        List<Input> asked = new ArrayList<>();
        float[] five = new TemporalWrapper(identity(asked), diff.withStepsPerBatch(1)).forward(scope, Input.of(x))
                .getFirst().tensor().toFloatArray();
        assertEquals(2, asked.size(), "the other dates do not go through the backbone");
        assertArrayEquals(pooled(TemporalPooling.DIFF, Kernels.copy(scope, x.slice(2, 0, 2))), five);
        ShapeException e = assertThrows(ShapeException.class,
                () -> wrapper(diff.withDiffRule(DiffRule.EXACTLY_TWO)).forward(scope, Input.of(x)));
        assertTrue(e.getMessage().contains("exactly two") && e.getMessage().contains("got 5"), e.getMessage());
        assertThrows(ShapeException.class, () -> wrapper(diff).forward(scope, Input.of(random(1, 3, 1, 2, 2))));
    }

    @Test
    void aMapOfWidthOneStaysAMapWhereCorrected() {
        Tensor x = random(2, 3, 3, 5, 1);
        TemporalOptions mean = TemporalOptions.of(TemporalPooling.MEAN);
        assertEquals("[2, 5, 3]", shape(mean, x));
        assertEquals("[2, 3, 5, 1]", shape(mean.asCorrected(), x));
    }

    private String shape(TemporalOptions options, Tensor x) {
        return wrapper(options).forward(scope, Input.of(x)).getFirst().tensor().shape().toString();
    }

    @Test
    void keptDatesCanBePermutedWhereCorrected() {
        List<Integer> order = List.of(0, 3, 1, 2);
        TemporalOptions keep = TemporalOptions.of(TemporalPooling.KEEP);
        assertThrows(ArgumentException.class, () -> keep.withPermutation(order));
        assertEquals("[2, 4, 3, 5, 6]", shape(keep.asCorrected().withPermutation(order), random(2, 3, 4, 5, 6)));
    }

    @Test
    void channelsOfConcatenatedSubsetsAreUpstreamsUnlessCorrected() {
        TemporalOptions subsets =
                TemporalOptions.of(TemporalPooling.CONCAT).withTimestamps(4).withSubsets(List.of(1, 3));
        assertEquals(List.of(12), wrapper(subsets).outChannels());
        assertEquals(List.of(6), wrapper(subsets.asCorrected()).outChannels());
        assertEquals("[1, 6, 2, 2]", shape(subsets, random(1, 3, 4, 2, 2)));
        assertThrows(ArgumentException.class,
                () -> wrapper(TemporalOptions.of(TemporalPooling.CONCAT)).outChannels());
    }

    @Test
    void channelsLastMapsStayChannelsLast() {
        TemporalWrapper wrapper = new TemporalWrapper(GoldenEncoder.backbone(List.of(3),
                (inner, input) -> Feature.of(List.of(ChannelsLast.toMap(ChannelsLast.of(inner, input.image()))))),
                TemporalOptions.of(TemporalPooling.MEAN));
        Tensor pooled = wrapper.forward(scope, Input.of(random(2, 3, 4, 5, 6))).getFirst().tensor();
        assertTrue(pooled.permute(0, 2, 3, 1).isDense());
    }

    @Test
    void coordinatesGoWithTheirDate() {
        List<float[]> seen = new ArrayList<>();
        Backbone encoder = GoldenEncoder.backbone(List.of(1), (inner, input) -> {
            seen.add(input.extras().get("temporal_coords").toFloatArray());
            seen.add(input.extras().get("location_coords").toFloatArray());
            return Feature.of(List.of(input.image()));
        });
        Input input = Input.of(scope.zeros(2, 1, 2, 1, 2))
                .with("temporal_coords", scope.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2))
                .with("location_coords", scope.of(new float[] {9, 10, 11, 12}, 2, 2));
        new TemporalWrapper(encoder, TemporalOptions.of(TemporalPooling.MEAN).withStepsPerBatch(2))
                .forward(scope, input);
        assertArrayEquals(new float[] {1, 2, 5, 6, 3, 4, 7, 8}, seen.get(0));
        assertArrayEquals(new float[] {9, 10, 11, 12, 9, 10, 11, 12}, seen.get(1));
    }

    @Test
    void modalitiesAmongTheExtrasGoWithTheirDate() {
        List<Tensor> seen = new ArrayList<>();
        Backbone encoder = GoldenEncoder.backbone(List.of(1), (inner, input) -> {
            Tensor classes = Kernels.copy(scope, input.extras().get("LULC"), DType.F32);
            seen.add(classes);
            return Feature.of(List.of(Kernels.add(inner, input.modalities().get("S2"), classes)));
        });
        Input input = Input.of("S2", scope.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 1, 3, 1, 1))
                .with("LULC", scope.of(new long[] {10, 20, 30, 40, 50, 60}, 2, 1, 3, 1, 1));
        TemporalOptions concat = TemporalOptions.of(TemporalPooling.CONCAT).withStepsPerBatch(2).asCorrected();
        Tensor pooled = new TemporalWrapper(encoder, concat).forward(scope, input).getFirst().tensor();
        assertEquals("[2, 1, 1, 1]", seen.getLast().shape().toString());
        assertArrayEquals(new float[] {10, 40, 20, 50}, seen.getFirst().toFloatArray());
        assertArrayEquals(new float[] {11, 22, 33, 44, 55, 66}, pooled.toFloatArray());
        refused(ShapeException.class, "S1 has 4 dates", () -> wrapper(concat).forward(scope,
                Input.of("S2", random(2, 1, 3, 1, 1)).with("S1", random(2, 1, 4, 1, 1))));
    }

    @Test
    void theExampleIsASeriesOfTheImagesOfTheEncoder() {
        Input image = Input.of(scope.zeros(1, 3, 4, 5));
        assertEquals("[1, 3, 2, 4, 5]", example(image, TemporalOptions.of(TemporalPooling.MEAN)));
        assertEquals("[1, 3, 7, 4, 5]", example(image, TemporalOptions.of(TemporalPooling.CONCAT).withTimestamps(7)));
        assertEquals("[1, 3, 5, 4, 5]", example(Input.of(scope.zeros(1, 3, 1, 4, 5)),
                TemporalOptions.of(TemporalPooling.DIFF).withSubsets(List.of(2, 3))));
        assertEquals("[1, 3, 2, 4, 5]", example(image, TemporalOptions.of(TemporalPooling.DIFF).withTimestamps(1)),
                "n_timestamps is for concat");
        assertEquals("none", example(Input.of(scope.of(new long[] {1, 2, 3, 4}, 1, 4)),
                TemporalOptions.of(TemporalPooling.MEAN)), "of token numbers, whose maps are given");
    }

    private String example(Input ofEncoder, TemporalOptions options) {
        Backbone encoder = new Backbone() {
            @Override
            public List<Feature> forward(Scope inner, Input input) {
                throw new AssertionError("not called");
            }

            @Override
            public List<Integer> outChannels() {
                return List.of(3);
            }

            @Override
            public Optional<Input> example(Scope inner) {
                return Optional.of(ofEncoder);
            }
        };
        return new TemporalWrapper(encoder, options).example(scope)
                .map(input -> input.image().shape().toString()).orElse("none");
    }

    @Test
    void argumentsThatDoNotFitAreRefused() {
        TemporalOptions mean = TemporalOptions.of(TemporalPooling.MEAN);
        refused(ShapeException.class, "[B, C, T, H, W], got [1, 3, 4, 4]", () -> shape(mean, random(1, 3, 4, 4)));
        refused(ShapeException.class, "sum of subset_lengths (5) must equal timesteps (4)",
                () -> shape(mean.withSubsets(List.of(2, 3)), random(1, 3, 4, 2, 2)));
        refused(ArgumentException.class, "got sum=5, n_timestamps=4",
                () -> mean.withTimestamps(4).withSubsets(List.of(2, 3)));
        refused(ArgumentException.class, "exactly two subsets",
                () -> TemporalOptions.of(TemporalPooling.DIFF).withSubsets(List.of(1, 1, 1)));
        refused(ArgumentException.class, "pooling is median, expected one of keep, concat, mean, max, diff",
                () -> TemporalOptions.of(Arguments.of("TemporalWrapper", Map.of("pooling", "median"))));
        refused(ArgumentException.class, "features_permute_op is [0, 1]",
                () -> mean.withPermutation(List.of(0, 1)));
        refused(ShapeException.class, "n_timestamps is 3", () -> shape(
                TemporalOptions.of(TemporalPooling.CONCAT).withTimestamps(3), random(1, 3, 4, 2, 2)));
        LinkedHashMap<String, Tensor> modalities = new LinkedHashMap<>();
        modalities.put("S2", random(1, 3, 4, 2, 2));
        modalities.put("S1", random(1, 2, 3, 2, 2));
        refused(ShapeException.class, "S1 has 3 dates",
                () -> wrapper(mean).forward(scope, Input.of(modalities)));
    }

    private static void refused(Class<? extends GatunException> type, String words, Runnable call) {
        GatunException e = assertThrows(type, call::run);
        assertTrue(e.getMessage().contains(words), e.getMessage());
    }
}
