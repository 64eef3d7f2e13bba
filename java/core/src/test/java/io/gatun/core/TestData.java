// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;

/** Seeded values, devices by level, and the comparison with a double-precision reference. */
final class TestData {
    private final Random random;

    TestData(long seed) {
        random = new Random(seed);
    }

    float[] floats(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat(-1, 1);
        }
        return values;
    }

    boolean[] booleans(int count, double share) {
        boolean[] values = new boolean[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextDouble() < share;
        }
        return values;
    }

    /** A device of the level; the test is skipped, with the device's reason, where the processor lacks it. */
    static Device deviceOf(CpuLevel level) {
        return deviceOf(CpuOptions.DEFAULT.withLevel(level).withThreads(2));
    }

    static Device deviceOf(CpuOptions options) {
        Optional<String> reason = Optional.empty();
        try {
            return Device.cpu(options);
        } catch (DeviceException e) {
            reason = Optional.of(e.getMessage());
        }
        return Assumptions.abort(reason.get());
    }

    /**
     * The kernels sum at most a few hundred products of numbers below 1 in f32: the error of such a sum is about
     * sqrt(300) 2^-24 = 1e-6 of its size, and vectorised exp and erf add as much. Ten times that still tells a wrong
     * index or a missing term from rounding.
     */
    static void assertClose(double[] expected, float[] actual, String what) {
        assertEquals(expected.length, actual.length, what + ": number of elements");
        double size = 1;
        for (double value : expected) {
            size = Math.max(size, Math.abs(value));
        }
        for (int i = 0; i < actual.length; i++) {
            int at = i;
            double limit = 1e-5 * size;
            boolean same = Math.abs(expected[i] - actual[i]) <= limit
                    || Double.isNaN(expected[i]) && Float.isNaN(actual[i]);
            assertTrue(same, () -> what + ": element " + at + " is " + actual[at] + ", expected " + expected[at]
                    + " within " + limit);
        }
    }
}
