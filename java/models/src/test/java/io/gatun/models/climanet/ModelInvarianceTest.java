// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What must not change a bit of the result, and what must, at each CPU level that this machine has. */
@ParameterizedClass
@MethodSource("levels")
class ModelInvarianceTest {
    private static final SpatioTemporalConfig CONFIG =
            new SpatioTemporalConfig(1, 24, new PatchSize(1, 4, 4), 31, 12, 12, 20, 1, 16, 16, 2, 4);
    private static final Sample SAMPLE = Sample.random(1, 3, 1, 2, 9, 12, 20);

    @Parameter
    private CpuLevel level;
    private Device device;
    private SpatioTemporalModel model;

    static Stream<CpuLevel> levels() {
        CpuLevel best = Device.cpu().info().cpuLevel();
        return Arrays.stream(CpuLevel.values()).filter(l -> l != CpuLevel.AUTO && l.compareTo(best) <= 0);
    }

    @BeforeEach
    void load() {
        device = Device.cpu(CpuOptions.DEFAULT.withLevel(level));
        model = SpatioTemporalModel.load(RandomCheckpoint.of(CONFIG, 3, 2), device);
    }

    @AfterEach
    void close() {
        model.close();
        device.close();
    }

    /** Replaces the values of chosen cells by NaN, infinities, huge and ordinary numbers. */
    private static float[] disturbed(boolean[] where, long seed) {
        Random random = new Random(seed);
        float[] odd = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, -0f, 1e-40f, 9999};
        float[] data = SAMPLE.data().clone();
        for (int i = 0; i < data.length; i++) {
            if (where[i]) {
                data[i] = random.nextBoolean() ? odd[random.nextInt(odd.length)] : (float) random.nextGaussian();
            }
        }
        return data;
    }

    @Test
    void valuesUnderTheMaskNeverChangeABit() {
        float[] expected = SAMPLE.run(model);
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] data = SAMPLE.data().clone();
            for (int i = 0; i < data.length; i++) {
                data[i] = SAMPLE.missing()[i] ? value : data[i];
            }
            assertArrayEquals(expected, SAMPLE.withData(data).run(model), "all " + value);
        }
        for (int seed = 0; seed < 5; seed++) {
            assertArrayEquals(expected, SAMPLE.withData(disturbed(SAMPLE.missing(), seed)).run(model), "seed " + seed);
        }
    }

    @Test
    void oneObservedValueChangesTheResult() {
        float[] data = SAMPLE.data().clone();
        int observed = 0;
        while (SAMPLE.missing()[observed]) {
            observed++;
        }
        data[observed] += 1;
        assertFalse(Arrays.equals(SAMPLE.run(model), SAMPLE.withData(data).run(model)));
    }

    @Test
    void contentsOfPaddedDaysNeverChangeABit() {
        int[] s = SAMPLE.shape();
        boolean[] inPaddedDay = new boolean[SAMPLE.data().length];
        for (int i = 0; i < inPaddedDay.length; i++) {
            inPaddedDay[i] = SAMPLE.padded().orElseThrow()[i / (s[4] * s[5])];
        }
        float[] expected = SAMPLE.run(model);
        for (int seed = 0; seed < 5; seed++) {
            Random random = new Random(seed);
            boolean[] missing = SAMPLE.missing().clone();
            for (int i = 0; i < missing.length; i++) {
                missing[i] = inPaddedDay[i] ? random.nextBoolean() : missing[i];
            }
            float[] data = disturbed(inPaddedDay, seed);
            assertArrayEquals(expected, SAMPLE.withData(data).withMissing(missing).run(model), "seed " + seed);
        }
    }

    @Test
    void landIsExactlyZeroAndNowhereElse() {
        float[] maps = SAMPLE.run(model);
        boolean[] land = SAMPLE.land().orElseThrow();
        int pixels = 12 * 20;
        for (int i = 0; i < maps.length; i++) {
            boolean isLand = land[i / (2 * pixels) * pixels + i % pixels];
            assertEquals(isLand, Float.floatToRawIntBits(maps[i]) == 0, "cell " + i);
        }
    }

    @Test
    void threadsDoNotChangeABit() {
        float[] expected = SAMPLE.run(model);
        for (int threads : new int[] {1, 2, 5}) {
            try (Device own = Device.cpu(new CpuOptions(threads, level, 0));
                    SpatioTemporalModel same = SpatioTemporalModel.load(RandomCheckpoint.of(CONFIG, 3, 2), own)) {
                assertArrayEquals(expected, SAMPLE.run(same), threads + " threads");
            }
        }
    }

    @Test
    void aSampleIsTheSameAloneAndInABatch() {
        float[] together = SAMPLE.run(model);
        int part = together.length / 3;
        for (int b = 0; b < 3; b++) {
            assertArrayEquals(Arrays.copyOfRange(together, b * part, (b + 1) * part), SAMPLE.only(b).run(model),
                    "sample " + b);
        }
    }

    @Test
    void withoutMonthNumbersTheFirstRowsAreTaken() {
        assertArrayEquals(SAMPLE.run(model), SAMPLE.withMonths(1, 2).run(model));
        assertFalse(Arrays.equals(SAMPLE.run(model), SAMPLE.withMonths(2, 1).run(model)));
    }

    @Test
    void aMonthPaddedThroughoutIsAnErrorThatNamesIt() {
        Sample empty = firstMonthOfSecondSamplePadded();
        String text = assertThrows(ArgumentException.class, () -> empty.withMonths(7, 8).run(model)).getMessage();
        assertTrue(text.contains("calendar month 7 (sample 1)"), text);
        text = assertThrows(ArgumentException.class, () -> empty.run(model)).getMessage();
        assertTrue(text.contains("month index 0 (sample 1)") && text.contains("NAN"), text);
    }

    @Test
    void aMonthPaddedThroughoutIsNanOnDemand() {
        Sample empty = firstMonthOfSecondSamplePadded();
        float[] maps = empty.run(model, MonthlyInput.AllPadded.NAN);
        float[] expected = SAMPLE.run(model);
        boolean[] land = SAMPLE.land().orElseThrow();
        int pixels = 12 * 20;
        for (int i = 0; i < maps.length; i++) {
            int sample = i / (2 * pixels);
            // Attention over the months carries NaN to the sample's other month, as upstream.
            float wanted = sample != 1 ? expected[i] : land[sample * pixels + i % pixels] ? 0 : Float.NaN;
            assertEquals(wanted, maps[i], "cell " + i);
        }
    }

    private static Sample firstMonthOfSecondSamplePadded() {
        boolean[] padded = SAMPLE.padded().orElseThrow().clone();
        Arrays.fill(padded, 2 * 9, 3 * 9, true);
        return SAMPLE.withPadded(padded);
    }
}
