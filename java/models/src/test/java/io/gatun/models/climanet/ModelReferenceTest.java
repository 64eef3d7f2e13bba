// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The model against plain double-precision loops, on random configurations and on chosen ones. */
class ModelReferenceTest {
    /** Single precision over some ten layers up to 96 wide: a few hundred roundings of 6e-8 on values near 1. */
    private static final double TOLERANCE = 5e-5;

    @TestFactory
    Stream<DynamicTest> randomConfigurations() {
        return IntStream.range(0, 40).mapToObj(seed -> dynamicTest("seed " + seed, () -> {
            Random random = new Random(seed);
            PatchSize patch = new PatchSize(1 + random.nextInt(3), 1 + random.nextInt(5), 1 + random.nextInt(5));
            int heads = 1 << random.nextInt(3);
            int months = 1 + random.nextInt(4);
            int days = 1 + random.nextInt(4);
            SpatioTemporalConfig config = new SpatioTemporalConfig(1 + random.nextInt(2), 4 * (1 + random.nextInt(6)),
                    patch, days + random.nextInt(3), 12, 12, 2 * (1 + random.nextInt(9)), random.nextInt(3),
                    4, 4, random.nextInt(3), heads);
            Sample sample = Sample.random(seed, 1 + random.nextInt(2), config.inChans(), months,
                    days * patch.time(), patch.height() * (1 + random.nextInt(4)),
                    patch.width() * (1 + random.nextInt(4)));
            sample = new Sample(sample.shape(), sample.data(), sample.missing(),
                    sample.land().filter(_ -> random.nextBoolean()), sample.padded().filter(_ -> random.nextBoolean()),
                    random.nextBoolean() ? List.of() : calendar(random, months));
            compare(config, RandomCheckpoint.of(config, random.nextBoolean() ? 1 : 3, seed), sample);
        }));
    }

    private static List<Integer> calendar(Random random, int count) {
        List<Integer> all = new ArrayList<>(IntStream.rangeClosed(1, 12).boxed().toList());
        Collections.shuffle(all, random);
        return all.subList(0, count);
    }

    private static void compare(SpatioTemporalConfig config, Checkpoint checkpoint, Sample sample) {
        int[] rows = sample.months().isEmpty() ? IntStream.range(0, sample.shape()[2]).toArray()
                : sample.months().stream().mapToInt(month -> month - 1).toArray();
        double[] expected = new ReferenceModel(config, checkpoint).forward(sample, rows);
        try (SpatioTemporalModel model = SpatioTemporalModel.load(checkpoint, Device.cpu())) {
            assertEquals(config, model.config());
            float[] actual = sample.run(model);
            assertEquals(expected.length, actual.length);
            double worst = 0;
            for (int i = 0; i < actual.length; i++) {
                double share = Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
                worst = Double.isNaN(share) ? Double.POSITIVE_INFINITY : Math.max(worst, share);
            }
            assertTrue(worst <= TOLERANCE, "off by " + worst + " with " + config + " and input "
                    + Arrays.toString(sample.shape()) + ", months " + sample.months());
        }
    }

    static SpatioTemporalConfig small() {
        return new SpatioTemporalConfig(1, 16, new PatchSize(1, 2, 2), 31, 12, 12, 16, 1, 8, 8, 1, 4);
    }

    @Test
    void secondRefinementMayBeThreeByThreeOrOneByOne() {
        Sample sample = Sample.random(1, 1, 1, 2, 5, 6, 8);
        for (int kernel : new int[] {1, 3}) {
            Checkpoint checkpoint = RandomCheckpoint.of(small(), kernel, 2);
            assertEquals(kernel, checkpoint.tensors().get("decoder.refine.3.weight").shape().dim(2));
            compare(small(), checkpoint, sample);
        }
    }

    @Test
    void patchesOfSeveralDaysCountAsPaddedOnlyAsAWhole() {
        SpatioTemporalConfig config =
                new SpatioTemporalConfig(1, 16, new PatchSize(2, 2, 2), 4, 12, 12, 16, 1, 8, 8, 1, 4);
        Sample sample = Sample.random(3, 1, 1, 1, 6, 4, 4);
        Sample half = sample.withPadded(false, true, false, false, false, false);
        Sample whole = sample.withPadded(true, true, false, false, false, false);
        for (Sample padded : List.of(half, whole)) {
            compare(config, RandomCheckpoint.of(config, 3, 4), padded);
        }
        try (SpatioTemporalModel model = SpatioTemporalModel.load(RandomCheckpoint.of(config, 3, 4), Device.cpu())) {
            Sample none = new Sample(sample.shape(), sample.data(), sample.missing(), sample.land(), Optional.empty(),
                    List.of());
            assertTrue(Arrays.equals(none.run(model), half.run(model)), "half a patch was left out");
            assertTrue(!Arrays.equals(none.run(model), whole.run(model)), "a whole patch was not left out");
        }
    }

    @Test
    void monthNumbersChooseTheRowsOfTheTables() {
        Sample sample = Sample.random(5, 1, 1, 1, 5, 4, 4);
        Checkpoint checkpoint = RandomCheckpoint.of(small(), 3, 6);
        double[] march = new ReferenceModel(small(), checkpoint).forward(sample, 2);
        double[] january = new ReferenceModel(small(), checkpoint).forward(sample, 0);
        double apart = IntStream.range(0, march.length).mapToDouble(i -> Math.abs(march[i] - january[i])).max()
                .getAsDouble();
        assertTrue(apart > 100 * TOLERANCE, "the months are too alike to tell: " + apart);
        compare(small(), checkpoint, sample.withMonths(3));
        compare(small(), checkpoint, sample);
    }
}
