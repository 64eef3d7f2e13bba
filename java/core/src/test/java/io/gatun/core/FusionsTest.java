// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each fusion against its single operations, at each CPU level of this machine. */
class FusionsTest {
    private static final double EPS = 1e-5;
    private static final PatchEmbedOptions PATCHES = new PatchEmbedOptions(1, 2, 3, Validity.MASK, EPS);

    /** Small tensors of a model with E channels. */
    private record Parts(Scope scope, TestData data, int embed) {
        Tensor of(long... shape) {
            return scope.of(data.floats((int) Shape.of(shape).numElements()), shape);
        }

        Tensor vector() {
            return of(embed);
        }

        TemporalPoolParameters pool() {
            return new TemporalPoolParameters(vector(), vector(), EPS,
                    Kernels.linearWeights(scope, of(embed, embed)), vector(), vector(), of(1));
        }

        PatchEmbedParameters patch() {
            return new PatchEmbedParameters(
                    Kernels.linearWeights(scope, of(embed, 12)), vector(), vector(), vector(), PATCHES);
        }
    }

    private static void assertClose(Tensor expected, Tensor actual, double tolerance) {
        assertEquals(expected.shape(), actual.shape());
        float[] want = expected.toFloatArray();
        float[] got = actual.toFloatArray();
        for (int i = 0; i < want.length; i++) {
            assertEquals(want[i], got[i], tolerance * (1 + Math.abs(want[i])), "element " + i);
        }
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void encodePoolIsPatchEmbeddingAndPooling(CpuLevel level) {
        for (int embed : new int[] {8, 40}) { // with tokens of the days, and without
            try (Device device = TestData.deviceOf(level); Scope scope = Scope.open(device)) {
                Parts parts = new Parts(scope, new TestData(embed), embed);
                Tensor x = parts.of(4, 1, 7, 6, 9);
                Tensor mask = scope.ofBooleans(parts.data().booleans(4 * 7 * 6 * 9, 0.4), 4, 1, 7, 6, 9);
                Tensor day = parts.of(7, embed);
                Tensor month = parts.of(2, embed);
                PatchEmbedParameters patch = parts.patch();
                TemporalPoolParameters pool = parts.pool();
                Tensor tokens = Kernels.patchEmbed(scope, x, Optional.of(mask), patch.weights(),
                        Optional.of(patch.bias()), Optional.of(patch.normWeight()), Optional.of(patch.normBias()),
                        PATCHES);
                assertClose(
                        Kernels.temporalPool(
                                scope, tokens.reshape(2, 2, 7, 9, embed), day, month, pool, Optional.empty()),
                        Fusions.encodePool(scope, x, Optional.of(mask), patch, day, month, pool, Optional.empty()),
                        1e-4);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void decoderIsItsStages(CpuLevel level) {
        try (Device device = TestData.deviceOf(level); Scope scope = Scope.open(device)) {
            Parts parts = new Parts(scope, new TestData(3), 5);
            Tensor x = parts.of(6, 3, 4, 5);
            Tensor projWeight = parts.of(6, 5);
            Tensor projBias = parts.of(6);
            Tensor upWeight = parts.of(6, 4, 5, 4);
            Tensor upBias = parts.of(4);
            Tensor first = parts.of(4, 4, 3, 3);
            Tensor second = parts.of(4, 4, 3, 3);
            Tensor bias = parts.of(4);
            Tensor head = parts.of(4);
            Tensor one = parts.of(1);
            Tensor month = parts.of(2);
            Tensor projected = Kernels.linear(scope, x, Kernels.linearWeights(scope, projWeight), projBias);
            Tensor up = Images.convTranspose2d(scope, projected,
                    Kernels.convTranspose2dWeights(scope, upWeight, 3, 2, 1, 1), Optional.of(upBias), 0, 0);
            Tensor refined = Images.conv2d(
                    scope, up, Kernels.conv2dWeights(scope, first), Optional.of(bias), 1, Activation.GELU);
            Tensor prefix = Fusions.decoderPrefix(scope, x,
                    Fusions.decoderWeights(scope, projWeight, projBias, upWeight, upBias, first, bias, 3, 2, 1, 1),
                    Activation.GELU);
            assertClose(refined, prefix, 1e-4);

            Tensor last = Images.conv2d(
                    scope, refined, Kernels.conv2dWeights(scope, second), Optional.of(bias), 1, Activation.GELU);
            Tensor land = scope.ofBooleans(parts.data().booleans(3 * 9 * 8, 0.3), 3, 9, 8);
            assertClose(
                    Images.mapHead(scope, last.reshape(3, 2, 9, 8, 4), head, one, month, month, Optional.of(land)),
                    Fusions.refineHead(scope, refined.reshape(3, 2, 9, 8, 4), Fusions.refineWeights(scope, second),
                            bias, head, one, month, month, Optional.of(land)), 1e-4);
        }
    }

    @Test
    void wrongArgumentsAreNamed() {
        try (Scope scope = Scope.open(Device.cpu())) {
            Parts parts = new Parts(scope, new TestData(1), 8);
            Tensor x = parts.of(3, 1, 7, 6, 9);
            Tensor mask = scope.ofBooleans(new boolean[3 * 7 * 6 * 9], 3, 1, 7, 6, 9);
            PatchEmbedParameters patch = parts.patch();
            TemporalPoolParameters pool = parts.pool();
            assertMessage("3 months in all, the month encodings 2", () -> Fusions.encodePool(scope, x,
                    Optional.of(mask), patch, parts.of(7, 8), parts.of(2, 8), pool, Optional.empty()));
            assertMessage("encodePool: dayEncoding", () -> Fusions.encodePool(scope, x, Optional.of(mask), patch,
                    parts.of(6, 8), parts.of(3, 8), pool, Optional.empty()));
            assertMessage("refineWeights: weight", () -> Fusions.refineWeights(scope, parts.of(4, 4, 1, 1)));
            assertMessage("decoderWeights: convWeight", () -> Fusions.decoderWeights(scope, parts.of(6, 5),
                    parts.of(6), parts.of(6, 4, 3, 3), parts.of(4), parts.of(4, 4, 5, 5), parts.of(4), 1, 1, 1, 1));
            Weights linear = patch.weights();
            assertTrue(assertThrows(ArgumentException.class, () -> Fusions.decoderPrefix(
                    scope, parts.of(1, 2, 2, 12), linear, Activation.NONE)).getMessage().contains("decoderPrefix"));
        }
    }

    private static void assertMessage(String part, Runnable call) {
        String message = assertThrows(ShapeException.class, call::run).getMessage();
        assertTrue(message.contains(part), message);
    }
}
