// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PrecisionTest {
    @Test
    void namesAreThoseOfTheCommandLine() {
        for (Precision precision : Precision.values()) {
            assertSame(precision, Precision.of(precision.toString()));
        }
        assertEquals("bf16", Precision.BF16.toString());
        String message = assertThrows(ArgumentException.class, () -> Precision.of("half")).getMessage();
        assertTrue(message.contains("\"half\"") && message.contains("strict, fast or bf16"), message);
    }

    @Test
    void weightsHaveThePrecisionOfTheirScope() {
        try (Scope strict = Scope.open(Device.cpu()); Scope fast = Scope.open(Device.cpu(), Precision.FAST)) {
            assertSame(Precision.STRICT, Kernels.linearWeights(strict, strict.zeros(2, 2)).precision());
            assertSame(Precision.FAST, Kernels.conv2dWeights(fast, fast.zeros(2, 2, 1, 1)).precision());
            assertSame(Precision.FAST, fast.precision());
        }
    }

    @Test
    void fastIsStrictOnTheCpu() {
        TestData data = new TestData(5);
        float[] weight = data.floats(12 * 8);
        float[] x = data.floats(3 * 8);
        float[][] results = new float[2][];
        for (Precision precision : new Precision[] {Precision.STRICT, Precision.FAST}) {
            try (Scope scope = Scope.open(Device.cpu(), precision)) {
                Weights weights = Kernels.linearWeights(scope, scope.of(weight, 12, 8));
                results[precision.ordinal()] =
                        Kernels.linear(scope, scope.of(x, 3, 8), weights, scope.zeros(12)).toFloatArray();
            }
        }
        assertArrayEquals(results[0], results[1]);
    }

    /** 1 + 2^-9 rounds to 1 in bf16, whether it is a weight or an input; 1.5 does not. */
    @Test
    void bf16RoundsBothFactorsOnTheCpu() {
        float fine = 1 + 0x1p-9f;
        try (Scope scope = Scope.open(Device.cpu(), Precision.BF16)) {
            Weights weights = Kernels.linearWeights(scope, scope.of(new float[] {fine, 1.5f}, 2, 1));
            assertSame(Precision.BF16, weights.precision());
            Tensor out = Kernels.linear(scope, scope.of(new float[] {fine}, 1, 1), weights, scope.zeros(2));
            assertArrayEquals(new float[] {1, 1.5f}, out.toFloatArray());
        }
    }
}
