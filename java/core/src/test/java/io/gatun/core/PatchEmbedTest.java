// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Element types of pixels and tokens, packing and positions; KernelReferenceTest has the embedding itself. */
class PatchEmbedTest {
    private static final int EMBED = 21;
    private static final int PLACES = 2 * 2 * 3;
    private static final float FILL = -32000f; // 125 * 256: a bf16
    private static final double SCALE = 0.25; // exact, so that the values are f32 numbers
    private static final double OFFSET = -8;

    /** Two images of one channel, 2 x 4 x 12 pixels in patches of 1 x 2 x 4; every third pixel is missing. */
    private record Clip(Scope scope, TestData data, float[] stored, float[] values, Weights weights, Tensor vector) {
        static Clip of(Scope scope) {
            TestData data = new TestData(7);
            float[] stored = data.floats(2 * 2 * 4 * 12);
            float[] values = new float[stored.length];
            for (int i = 0; i < stored.length; i++) {
                stored[i] = i % 3 == 0 ? FILL : Math.round(stored[i] * 120); // bf16 holds it
                values[i] = i % 3 == 0 ? FILL : (float) (stored[i] * SCALE + OFFSET);
            }
            Weights weights = Kernels.linearWeights(scope, scope.of(data.floats(EMBED * 16), EMBED, 16));
            return new Clip(scope, data, stored, values, weights, scope.of(data.floats(EMBED), EMBED));
        }

        Tensor pixels(float[] from, DType dtype) {
            return Kernels.copy(scope, scope.of(from, 2, 1, 2, 4, 12), dtype);
        }

        Tensor embed(Tensor x, Optional<Tensor> position, PatchEmbedOptions options, DType dtype) {
            return Kernels.patchEmbed(scope, x, Optional.empty(), weights, Optional.of(vector), Optional.of(vector),
                    Optional.of(vector), position, options, dtype);
        }
    }

    private static PatchEmbedOptions options() {
        return new PatchEmbedOptions(1, 2, 4, Validity.FILL, FILL, 1e-5);
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void narrowPixelsEmbedAsTheirValues(CpuLevel level) {
        try (Device device = TestData.deviceOf(level); Scope scope = Scope.open(device)) {
            Clip clip = Clip.of(scope);
            float[] plain = clip.embed(clip.pixels(clip.stored(), DType.F32), Optional.empty(), options(), DType.F32)
                    .toFloatArray();
            for (DType dtype : new DType[] {DType.BF16, DType.I16}) {
                Tensor x = clip.pixels(clip.stored(), dtype);
                assertArrayEquals(plain, clip.embed(x, Optional.empty(), options(), DType.F32).toFloatArray());
            }
            float[] unpacked = clip.embed(clip.pixels(clip.values(), DType.F32), Optional.empty(), options(), DType.F32)
                    .toFloatArray();
            Tensor packed = clip.embed(clip.pixels(clip.stored(), DType.I16), Optional.empty(),
                    options().packed(SCALE, OFFSET), DType.F32);
            assertArrayEquals(unpacked, packed.toFloatArray());
        }
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void positionsAreAddedToEachImageAndRoundedWithItsTokens(CpuLevel level) {
        try (Device device = TestData.deviceOf(level); Scope scope = Scope.open(device)) {
            Clip clip = Clip.of(scope);
            Tensor x = clip.pixels(clip.stored(), DType.BF16);
            Tensor position = scope.of(clip.data().floats(PLACES * EMBED), PLACES, EMBED);
            Tensor plain = clip.embed(x, Optional.empty(), options(), DType.F32);
            Tensor placed = clip.embed(x, Optional.of(position), options(), DType.F32);
            assertArrayEquals(Kernels.add(scope, plain, position).toFloatArray(), placed.toFloatArray());
            Tensor rounded = clip.embed(x, Optional.of(position), options(), DType.BF16);
            assertEquals(DType.BF16, rounded.dtype());
            assertEquals(Shape.of(2, PLACES, EMBED), rounded.shape());
            Tensor wanted = Kernels.copy(scope, placed, DType.BF16);
            assertArrayEquals(Kernels.copy(scope, wanted, DType.F32).toFloatArray(),
                    Kernels.copy(scope, rounded, DType.F32).toFloatArray());
        }
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void encodePoolTakesPackedPixels(CpuLevel level) {
        try (Device device = TestData.deviceOf(level); Scope scope = Scope.open(device)) {
            Clip clip = Clip.of(scope);
            Tensor vector = clip.vector();
            TemporalPoolParameters pool = new TemporalPoolParameters(vector, vector, 1e-5, Kernels.linearWeights(scope,
                    scope.of(clip.data().floats(EMBED * EMBED), EMBED, EMBED)), vector, vector, scope.zeros(1));
            Tensor day = scope.of(clip.data().floats(2 * EMBED), 2, EMBED);
            Tensor month = scope.of(clip.data().floats(2 * EMBED), 2, EMBED);
            float[] unpacked = Fusions.encodePool(scope, clip.pixels(clip.values(), DType.F32), Optional.empty(),
                    new PatchEmbedParameters(clip.weights(), vector, vector, vector, options()), day, month, pool,
                    Optional.empty()).toFloatArray();
            float[] packed = Fusions.encodePool(scope, clip.pixels(clip.stored(), DType.I16), Optional.empty(),
                    new PatchEmbedParameters(clip.weights(), vector, vector, vector, options().packed(SCALE, OFFSET)),
                    day, month, pool, Optional.empty()).toFloatArray();
            assertArrayEquals(unpacked, packed);
        }
    }

    @Test
    void typesPackingAndPositionsThatDoNotFitAreRefused() {
        try (Device device = Device.cpu(); Scope scope = Scope.open(device)) {
            Clip clip = Clip.of(scope);
            Tensor x = clip.pixels(clip.stored(), DType.I16);
            fails(DTypeException.class, "x is float16, expected one of float32, bfloat16, int16",
                    () -> clip.embed(clip.pixels(clip.stored(), DType.F16), Optional.empty(), options(), DType.F32));
            fails(DTypeException.class, "the result is int16, expected one of float32, bfloat16",
                    () -> clip.embed(x, Optional.empty(), options(), DType.I16));
            fails(ShapeException.class, "position has shape [21, 12], expected [12, 21]",
                    () -> clip.embed(x, Optional.of(scope.zeros(EMBED, PLACES)), options(), DType.F32));
            fails(DTypeException.class, "position is bfloat16, expected float32", () -> clip.embed(x,
                    Optional.of(scope.full(DType.BF16, 0, PLACES, EMBED)), options(), DType.F32));
            fails(ArgumentException.class, "int16, which has no NaN", () -> clip.embed(x, Optional.empty(),
                    new PatchEmbedOptions(1, 2, 4, Validity.NAN, 1e-5), DType.F32));
            fails(ArgumentException.class, "scaleFactor is 0.0", () -> options().packed(0, 1));
            fails(ArgumentException.class, "addOffset NaN", () -> options().packed(1, Double.NaN));
        }
    }

    private static void fails(Class<? extends GatunException> type, String part, Executable action) {
        String message = assertThrows(type, action).getMessage();
        assertTrue(message.contains(part), message);
    }
}
