// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Results do not depend on the number of threads, to the bit, nor on what else is in the batch. */
class ThreadCountTest {
    private static List<float[]> everyKernel(CpuLevel level, int threads) {
        TestData data = new TestData(3);
        List<float[]> results = new ArrayList<>();
        try (Device device = TestData.deviceOf(new CpuOptions(threads, level, 0)); Scope scope = Scope.open(device)) {
            int width = 96;
            Tensor vector = scope.of(data.floats(width), width);
            Tensor x = scope.of(data.floats(3 * 67 * width), 3, 67, width);
            Weights square = Kernels.linearWeights(scope, scope.of(data.floats(width * width), width, width));
            results.add(Kernels.add(scope, x, vector).toFloatArray());
            results.add(Kernels.layerNorm(scope, x, Optional.of(x), vector, vector, 1e-5).toFloatArray());
            results.add(Kernels.linear(scope, x, square, Optional.of(vector), Activation.GELU, Optional.of(x))
                    .toFloatArray());
            results.add(Kernels.attention(scope, x, 4).toFloatArray());
            results.add(Kernels.attention(scope, x.slice(1, 0, 40), x.slice(1, 1, 66), x.slice(1, 2, 67),
                    Optional.of(scope.ofBooleans(data.booleans(40 * 65, 0.5), 1, 40, 65)), 4, Precision.BF16)
                    .toFloatArray());
            Tensor drawn = Reductions.sampleTokens(scope, x.reshape(3 * 67, width), new SampleOptions(0.9, 40, 0.8), 3,
                    scope.of(LongStream.range(0, 3 * 67).toArray(), 3 * 67));
            results.add(Kernels.copy(scope, drawn, DType.F32).toFloatArray());
            results.add(Kernels.patchEmbed(scope, scope.of(data.floats(2 * 3 * 4 * 16 * 36), 2, 3, 4, 16, 36),
                    Optional.of(scope.ofBooleans(data.booleans(2 * 3 * 4 * 16 * 36, 0.4), 2, 3, 4, 16, 36)),
                    Kernels.linearWeights(scope, scope.of(data.floats(40 * 96), 40, 96)), Optional.empty(),
                    Optional.empty(), Optional.empty(), new PatchEmbedOptions(1, 4, 4, Validity.MASK, 1e-5))
                    .toFloatArray());
            TemporalPoolParameters pool = new TemporalPoolParameters(vector, vector, 1e-5, square, vector, vector,
                    scope.of(data.floats(1), 1));
            results.add(Kernels.temporalPool(scope, scope.of(data.floats(2 * 31 * 23 * width), 1, 2, 31, 23, width),
                    scope.of(data.floats(31 * width), 31, width), scope.of(data.floats(2 * width), 2, width), pool,
                    Optional.empty()).toFloatArray());
            Tensor image = scope.of(data.floats(2 * 19 * 23 * 24), 2, 19, 23, 24);
            results.add(Images.convTranspose2d(scope, image, Kernels.convTranspose2dWeights(scope,
                    scope.of(data.floats(24 * 10 * 36), 24, 10, 6, 6), 4, 4, 1, 1), Optional.empty(), 0, 0)
                    .toFloatArray());
            results.add(Images.conv2d(scope, image, Kernels.conv2dWeights(scope,
                    scope.of(data.floats(17 * 24 * 9), 17, 24, 3, 3)), Optional.empty(), 1, Activation.GELU)
                    .toFloatArray());
            results.add(Images.mapHead(scope, image.reshape(1, 2, 19, 23, 24), scope.of(data.floats(24), 24),
                    scope.of(data.floats(1), 1), scope.of(data.floats(2), 2), scope.of(data.floats(2), 2),
                    Optional.empty()).toFloatArray());
        }
        return results;
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void oneTwoAndFiveThreadsGiveTheSameBits(CpuLevel level) {
        List<float[]> one = everyKernel(level, 1);
        for (int threads : new int[] {2, 5}) {
            List<float[]> more = everyKernel(level, threads);
            for (int kernel = 0; kernel < one.size(); kernel++) {
                assertArrayEquals(one.get(kernel), more.get(kernel),
                        "kernel " + kernel + " at " + threads + " threads");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void aRowDoesNotDependOnTheOthersInItsBatch(CpuLevel level) {
        TestData data = new TestData(5);
        float[] rows = data.floats(131 * 96);
        float[] weight = data.floats(80 * 96);
        try (Device device = TestData.deviceOf(level); Scope scope = Scope.open(device)) {
            Weights weights = Kernels.linearWeights(scope, scope.of(weight, 80, 96));
            Tensor x = scope.of(rows, 131, 96);
            float[] all = Kernels.linear(scope, x, weights, scope.zeros(80)).toFloatArray();
            for (int count : new int[] {1, 2, 7, 64}) {
                Tensor some = Kernels.linear(scope, x.slice(0, 3, 3 + count), weights, scope.zeros(80));
                assertArrayEquals(Arrays.copyOfRange(all, 3 * 80, (3 + count) * 80), some.toFloatArray(),
                        count + " rows alone");
            }
        }
    }
}
