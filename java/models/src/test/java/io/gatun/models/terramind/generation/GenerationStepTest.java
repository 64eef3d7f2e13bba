// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import static io.gatun.models.TestInputs.refuses;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class GenerationStepTest {
    private static GenerationStep.Target target(String key, Scheme scheme, int steps, TokenSchedule schedule) {
        return new GenerationStep.Target(key, 10, scheme, steps, schedule, 2, TemperatureSchedule.of("linear"),
                List.of(1.0));
    }

    @Test
    void schedulesFindEveryTokenOnce() {
        for (int steps = 1; steps < 40; steps++) {
            for (int tokens : new int[] {0, 1, 7, 16, 196}) {
                int[] linear = TokenSchedule.LINEAR.counts(steps, tokens);
                assertEquals(tokens, Arrays.stream(linear).sum());
                assertTrue(Arrays.stream(linear).allMatch(count -> count > 0));
                for (int i = 1; i < linear.length; i++) {
                    assertTrue(linear[i - 1] >= linear[i]);
                }
                int[] cosine = TokenSchedule.COSINE.counts(steps, tokens);
                assertEquals(tokens, Arrays.stream(cosine).sum());
                assertEquals(steps, cosine.length);
            }
        }
        assertArrayEquals(new int[] {3, 2, 2, 2}, TokenSchedule.LINEAR.counts(4, 9));
        // As upstream's.
        assertEquals(-1, TokenSchedule.COSINE.counts(24, 196)[23]);
    }

    @Test
    void temperaturesFallAsTheirSchedule() {
        int[] counts = {2, 1, 1};
        assertArrayEquals(new double[] {2, 2, 2}, TemperatureSchedule.of("constant").temperatures(2, counts));
        assertArrayEquals(new double[] {2, 1, 0.5}, TemperatureSchedule.of("linear").temperatures(2, counts));
        assertArrayEquals(new double[] {1e-9, 1e-9, 1e-9}, TemperatureSchedule.of("linear").temperatures(0, counts));
        // 1 / sqrt(x) at 1 and 34 of 1, 34, 67, 100, from 1 to 0; times the share that is left.
        double second = (1 / Math.sqrt(34) - 0.1) / 0.9;
        assertArrayEquals(new double[] {0.5 + 1.5 * 0.5, 0.5 + 1.5 * 0.25 * second, 0.5},
                TemperatureSchedule.of("onex:0.5:0.5").temperatures(2, counts), 1e-12);
    }

    @Test
    void targetsFollowEachOther() {
        List<GenerationStep> steps = GenerationStep.chain(List.of("untok_dem@224"), List.of(
                target("tok_lulc@224", Scheme.MASKGIT, 2, TokenSchedule.COSINE),
                target("coords", Scheme.AUTOREGRESSIVE, 1, TokenSchedule.LINEAR),
                target("tok_ndvi@224", Scheme.ROAR, 20, TokenSchedule.COSINE)), true);
        assertEquals(13, steps.size());
        assertEquals(new GenerationStep("tok_lulc@224", Scheme.MASKGIT, 5, 2, List.of(1.0),
                List.of("untok_dem@224")), steps.getFirst());
        assertEquals(1, steps.get(1).temperature());
        assertEquals(new GenerationStep("coords", Scheme.AUTOREGRESSIVE, 0, 2, List.of(1.0),
                List.of("untok_dem@224", "tok_lulc@224")), steps.get(2));
        // Linear whatever is asked for, without the steps that have no tokens.
        assertEquals(10, steps.stream().filter(step -> step.scheme() == Scheme.ROAR && step.tokens() == 1).count());
        assertEquals(List.of("untok_dem@224", "tok_lulc@224"), steps.getLast().conditions());
    }

    @Test
    void whatIsNoScheduleIsRefused() {
        refuses(ArgumentException.class, () -> TokenSchedule.LINEAR.counts(0, 9), "0 steps");
        refuses(ArgumentException.class, () -> TemperatureSchedule.of("onex:0.5"), "onex:0.5", "onex:LEAST:POWER");
        refuses(ArgumentException.class, () -> TemperatureSchedule.of("cosine"),
                "Illegal temperature schedule cosine");
    }
}
