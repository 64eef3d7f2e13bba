// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each kernel at awkward sizes, at each CPU level of this machine, against plain loops in double precision. */
class KernelReferenceTest {
    private static final List<Activation> IN_PRODUCTS =
            Arrays.stream(Activation.values()).filter(Activation::inProducts).toList();

    private static final double EPS = 1e-5;

    private interface Case {
        void run(Scope scope, TestData data);
    }

    private static void on(CpuLevel level, Case test) {
        try (Device device = TestData.deviceOf(level); Scope scope = Scope.open(device)) {
            test.run(scope, new TestData(42));
        }
    }

    private static Tensor tensor(Scope scope, float[] values, int... shape) {
        long[] extents = new long[shape.length];
        for (int axis = 0; axis < shape.length; axis++) {
            extents[axis] = shape[axis];
        }
        return scope.of(values, extents);
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void addBroadcastsAsPyTorchDoes(CpuLevel level) {
        on(level, (scope, data) -> {
            float[] a = data.floats(5 * 7 * 11);
            float[] b = data.floats(7);
            float[] sum = Kernels.add(scope, tensor(scope, a, 5, 7, 11), tensor(scope, b, 7, 1)).toFloatArray();
            for (int i = 0; i < sum.length; i++) {
                assertEquals(a[i] + b[i / 11 % 7], sum[i], "element " + i);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void copyConvertsEveryStrideAndType(CpuLevel level) {
        on(level, (scope, data) -> {
            float[] values = data.floats(3 * 5 * 17);
            Tensor x = tensor(scope, values, 3, 5, 17);
            float[] turned = Kernels.copy(scope, x.permute(2, 0, 1)).toFloatArray();
            for (int i = 0; i < turned.length; i++) {
                assertEquals(values[(i / 5 % 3 * 5 + i % 5) * 17 + i / 15], turned[i], "element " + i);
            }
            float[] half = Kernels.copy(scope, Kernels.copy(scope, x, DType.F16), DType.F32).toFloatArray();
            float[] brain = Kernels.copy(scope, Kernels.copy(scope, x, DType.BF16), DType.F32).toFloatArray();
            for (int i = 0; i < values.length; i++) {
                assertEquals(Float.float16ToFloat(Float.floatToFloat16(values[i])), half[i], "f16 element " + i);
                assertEquals(BFloat16.toFloat(BFloat16.fromFloat(values[i])), brain[i], "bf16 element " + i);
            }
            Tensor odd = scope.of(new float[] {-1.9f, 1.9f, 1e20f, Float.NaN, 0, -0f}, 6);
            assertArrayEquals(new long[] {-1, 1, Long.MAX_VALUE, 0, 0, 0},
                    Kernels.copy(scope, odd, DType.I64).toLongArray());
            assertArrayEquals(new long[] {0, 1, 255, 0, 0, 0}, Kernels.copy(scope, odd, DType.U8).toLongArray());
            assertArrayEquals(new boolean[] {true, true, true, true, false, false},
                    Kernels.copy(scope, odd, DType.BOOL).toBooleanArray());
        });
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void fillReachesOnlyItsView(CpuLevel level) {
        on(level, (scope, data) -> {
            Tensor x = scope.zeros(3, 4);
            Kernels.fill(scope, x.slice(1, 1, 3), 2.5);
            assertArrayEquals(new float[] {0, 2.5f, 2.5f, 0, 0, 2.5f, 2.5f, 0, 0, 2.5f, 2.5f, 0}, x.toFloatArray());
        });
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void layerNormMatchesReference(CpuLevel level) {
        on(level, (scope, data) -> {
            for (int width : new int[] {1, 3, 31, 128}) {
                int rows = 13;
                float[] x = data.floats(rows * width);
                float[] residual = data.floats(rows * width);
                float[] weight = data.floats(width);
                float[] bias = data.floats(width);
                Tensor plain = Kernels.layerNorm(scope, tensor(scope, x, rows, width), tensor(scope, weight, width),
                        tensor(scope, bias, width), EPS);
                TestData.assertClose(Reference.layerNorm(Reference.doubles(x), width, weight, bias, EPS),
                        plain.toFloatArray(), "layerNorm " + width);
                double[] sum = Reference.doubles(x);
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += residual[i];
                }
                Tensor added = Kernels.layerNorm(scope, tensor(scope, x, rows, width),
                        Optional.of(tensor(scope, residual, rows, width)), tensor(scope, weight, width),
                        tensor(scope, bias, width), EPS);
                TestData.assertClose(Reference.layerNorm(sum, width, weight, bias, EPS), added.toFloatArray(),
                        "layerNorm with residual " + width);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void linearMatchesReference(CpuLevel level) {
        on(level, (scope, data) -> {
            for (int[] size : new int[][] {{1, 1, 1}, {2, 3, 5}, {67, 33, 129}, {130, 96, 64}}) {
                int rows = size[0];
                int inputs = size[1];
                int outputs = size[2];
                float[] x = data.floats(rows * inputs);
                float[] weight = data.floats(outputs * inputs);
                float[] bias = data.floats(outputs);
                float[] residual = data.floats(rows * outputs);
                Weights weights = Kernels.linearWeights(scope, tensor(scope, weight, outputs, inputs));
                for (Activation activation : IN_PRODUCTS) {
                    double[] expected =
                            Reference.linear(Reference.doubles(x), weight, outputs, inputs, bias, activation);
                    for (int i = 0; i < expected.length; i++) {
                        expected[i] += residual[i];
                    }
                    Tensor out = Kernels.linear(scope, tensor(scope, x, rows, inputs), weights,
                            Optional.of(tensor(scope, bias, outputs)), activation,
                            Optional.of(tensor(scope, residual, rows, outputs)));
                    TestData.assertClose(expected, out.toFloatArray(),
                            "linear " + rows + " x " + inputs + " -> " + outputs + " " + activation);
                }
                Tensor bare = Kernels.linear(scope, tensor(scope, x, rows, inputs), weights, Optional.empty(),
                        Activation.NONE, Optional.empty());
                TestData.assertClose(Reference.linear(Reference.doubles(x), weight, outputs, inputs,
                        new float[outputs], Activation.NONE), bare.toFloatArray(), "linear without bias");
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void attentionMatchesReference(CpuLevel level) {
        on(level, (scope, data) -> {
            for (int[] size : new int[][] {{1, 1, 4, 1}, {2, 3, 6, 2}, {2, 97, 20, 4}, {1, 65, 64, 4}}) {
                float[] qkv = data.floats(size[0] * size[1] * 3 * size[2]);
                Tensor out = Kernels.attention(scope, tensor(scope, qkv, size[0], size[1], 3 * size[2]), size[3]);
                assertEquals(Shape.of(size[0], size[1], size[2]), out.shape());
                TestData.assertClose(Reference.attention(qkv, size[0], size[1], size[2], size[3]), out.toFloatArray(),
                        "attention of " + size[1] + " tokens");
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void crossAttentionMatchesReference(CpuLevel level) {
        on(level, (scope, data) -> {
            // batch, queries, keys, embed, heads
            int[][] cases = {{1, 1, 1, 4, 1}, {2, 3, 7, 6, 2}, {2, 40, 70, 20, 4}, {1, 9, 300, 64, 2},
                {1, 49, 49, 512, 1}};
            for (int[] s : cases) {
                float[] query = data.floats(s[0] * s[1] * s[3]);
                float[] key = data.floats(s[0] * s[2] * s[3]);
                float[] value = data.floats(s[0] * s[2] * s[3]);
                boolean[] allowed = data.booleans(s[0] * s[1] * s[2], 0.5);
                Arrays.fill(allowed, 0, s[2], false); // the first query sees nothing: the mean of the values
                float[] packed = new float[2 * key.length];
                for (int i = 0; i < key.length; i++) {
                    packed[i / s[3] * 2 * s[3] + i % s[3]] = key[i];
                    packed[i / s[3] * 2 * s[3] + s[3] + i % s[3]] = value[i];
                }
                Tensor pairs = tensor(scope, packed, s[0], s[2], 2 * s[3]);
                Tensor out = Kernels.attention(scope, tensor(scope, query, s[0], s[1], s[3]), pairs.slice(2, 0, s[3]),
                        pairs.slice(2, s[3], 2 * s[3]), Optional.of(scope.ofBooleans(allowed, s[0], s[1], s[2])), s[4],
                        Precision.STRICT);
                assertEquals(Shape.of(s[0], s[1], s[3]), out.shape());
                TestData.assertClose(Reference.attention(query, key, value, allowed, s), out.toFloatArray(),
                        "attention of " + s[1] + " to " + s[2]);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void sampledTokensMatchReference(CpuLevel level) {
        on(level, (scope, data) -> {
            int rows = 40;
            long seed = -5;
            for (int width : new int[] {1, 7, 100, 1000}) {
                for (SampleOptions options : new SampleOptions[] {new SampleOptions(1, 0, 0),
                    new SampleOptions(0.5, 0, 0.8), new SampleOptions(1, 5, 0), new SampleOptions(2, 0.25, 0.9)}) {
                    float[] logits = data.floats(rows * width);
                    long[] counters = LongStream.range(100, 100 + rows).toArray();
                    long[] drawn = Reductions.sampleTokens(scope, tensor(scope, logits, rows, width), options, seed,
                            scope.of(counters, rows)).toLongArray();
                    for (int row = 0; row < rows; row++) {
                        float[] of = Arrays.copyOfRange(logits, row * width, (row + 1) * width);
                        int wanted = Reference.sampled(of, options, Philox.word(seed, counters[row]));
                        assertEquals(wanted, drawn[row], "row " + row + " of " + width + " " + options);
                    }
                }
            }
            Tensor logits = scope.of(new float[] {1, 3, 3, 0, Float.NaN, 2}, 2, 3);
            Tensor counters = scope.of(new long[] {0, 1}, 2);
            assertArrayEquals(new long[] {1, 1},
                    Reductions.sampleTokens(scope, logits, new SampleOptions(0, 0, 0), 1, counters).toLongArray());
            assertEquals(-1, Reductions.sampleTokens(scope, logits, new SampleOptions(1, 0, 0), 1, counters)
                    .toLongArray()[1]);
        });
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void patchEmbedMatchesReferenceForEveryValidity(CpuLevel level) {
        on(level, (scope, data) -> {
            for (Validity validity : Validity.values()) {
                for (int[] patch : new int[][] {{1, 1, 1}, {1, 2, 3}, {2, 4, 4}}) {
                    int[] shape = {2, 2, 2 * patch[0], 3 * patch[1], 5 * patch[2]};
                    patchEmbed(scope, data, validity, shape, patch);
                }
            }
        });
    }

    private static void patchEmbed(Scope scope, TestData data, Validity validity, int[] s, int[] patch) {
        int embed = 19;
        int count = s[0] * s[1] * s[2] * s[3] * s[4];
        int inputs = (validity == Validity.NONE ? 1 : 2) * s[1] * patch[0] * patch[1] * patch[2];
        boolean[] missing = data.booleans(count, validity == Validity.NONE ? 0 : 0.3);
        float[] x = data.floats(count);
        for (int i = 0; i < count; i++) {
            if (missing[i]) {
                // Whatever lies under a mask must not count, NaN included.
                x[i] = validity == Validity.FILL ? -999f : Float.NaN;
            }
        }
        float[] weight = data.floats(embed * inputs);
        float[] bias = data.floats(embed);
        float[] normWeight = data.floats(embed);
        float[] normBias = data.floats(embed);
        double[] tokens = Reference.patchEmbed(x, missing, validity != Validity.NONE, s, patch, weight, embed, bias);
        Weights weights = Kernels.linearWeights(scope, tensor(scope, weight, embed, inputs));
        Optional<Tensor> mask = validity == Validity.MASK
                ? Optional.of(scope.ofBooleans(missing, s[0], s[1], s[2], s[3], s[4])) : Optional.empty();
        PatchEmbedOptions options = new PatchEmbedOptions(patch[0], patch[1], patch[2], validity, -999f, EPS);
        Tensor plain = Kernels.patchEmbed(scope, tensor(scope, x, s), mask, weights,
                Optional.of(tensor(scope, bias, embed)), Optional.empty(), Optional.empty(), options);
        TestData.assertClose(tokens, plain.toFloatArray(), "patchEmbed " + validity);
        Tensor normed = Kernels.patchEmbed(scope, tensor(scope, x, s), mask, weights,
                Optional.of(tensor(scope, bias, embed)), Optional.of(tensor(scope, normWeight, embed)),
                Optional.of(tensor(scope, normBias, embed)), options);
        TestData.assertClose(Reference.layerNorm(tokens, embed, normWeight, normBias, EPS), normed.toFloatArray(),
                "patchEmbed with LayerNorm " + validity);
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void temporalPoolMatchesReference(CpuLevel level) {
        on(level, (scope, data) -> {
            for (int[] s : new int[][] {{1, 1, 1, 1, 4}, {2, 3, 5, 7, 13}, {1, 2, 31, 6, 32}}) {
                temporalPool(scope, data, s, false);
                temporalPool(scope, data, s, true);
            }
        });
    }

    private static void temporalPool(Scope scope, TestData data, int[] s, boolean withPadding) {
        int embed = s[4];
        float[] x = data.floats(s[0] * s[1] * s[2] * s[3] * embed);
        float[] day = data.floats(s[2] * embed);
        float[] month = data.floats(s[1] * embed);
        float[] normWeight = data.floats(embed);
        float[] normBias = data.floats(embed);
        float[] hidden = data.floats(embed * embed);
        float[] hiddenBias = data.floats(embed);
        float[] scoreWeight = data.floats(embed);
        float[] scoreBias = data.floats(1);
        boolean[] padded = data.booleans(s[0] * s[1] * s[2], withPadding ? 0.3 : 0);
        TemporalPoolParameters parameters = new TemporalPoolParameters(tensor(scope, normWeight, embed),
                tensor(scope, normBias, embed), EPS, Kernels.linearWeights(scope, tensor(scope, hidden, embed, embed)),
                tensor(scope, hiddenBias, embed), tensor(scope, scoreWeight, embed), tensor(scope, scoreBias, 1));
        Tensor out = Kernels.temporalPool(scope, tensor(scope, x, s), tensor(scope, day, s[2], embed),
                tensor(scope, month, s[1], embed), parameters,
                withPadding ? Optional.of(scope.ofBooleans(padded, s[0], s[1], s[2])) : Optional.empty());
        assertEquals(Shape.of(s[0], s[3], s[1], embed), out.shape());
        TestData.assertClose(Reference.temporalPool(x, s, day, month, normWeight, normBias, EPS, hidden, hiddenBias,
                scoreWeight, scoreBias[0], padded), out.toFloatArray(), "temporalPool of " + s[2] + " days");
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void convTranspose2dMatchesReference(CpuLevel level) {
        on(level, (scope, data) -> {
            // kernel, stride, padding, output padding
            int[][] steps = {{1, 1, 0, 0}, {2, 2, 0, 0}, {6, 4, 1, 0}, {5, 2, 2, 1}, {3, 1, 1, 0}, {7, 3, 3, 2}};
            for (int[] step : steps) {
                for (int[] s : new int[][] {{1, 1, 1, 3}, {2, 3, 4, 5}, {1, 5, 2, 17}}) {
                    convTranspose2d(scope, data, s, step);
                }
            }
        });
    }

    private static void convTranspose2d(Scope scope, TestData data, int[] s, int[] step) {
        int outputs = 9;
        int kernelW = step[0] + 1;
        float[] x = data.floats(s[0] * s[1] * s[2] * s[3]);
        float[] weight = data.floats(s[3] * outputs * step[0] * kernelW);
        float[] bias = data.floats(outputs);
        Weights weights = Kernels.convTranspose2dWeights(scope, tensor(scope, weight, s[3], outputs, step[0], kernelW),
                step[1], step[1], step[2], step[2]);
        int rows = (s[1] - 1) * step[1] - 2 * step[2] + step[0] + step[3];
        int columns = (s[2] - 1) * step[1] - 2 * step[2] + kernelW + step[3];
        if (rows < 1 || columns < 1) {
            return;
        }
        Tensor out = Images.convTranspose2d(scope, tensor(scope, x, s), weights,
                Optional.of(tensor(scope, bias, outputs)), step[3], step[3]);
        assertEquals(Shape.of(s[0], rows, columns, outputs), out.shape());
        TestData.assertClose(
                Reference.convTranspose2d(x, s, weight, weights.geometry(), outputs, bias, rows, columns),
                out.toFloatArray(), "convTranspose2d kernel " + step[0] + " stride " + step[1] + " on " + s[1]);
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void conv2dMatchesReference(CpuLevel level) {
        on(level, (scope, data) -> {
            // rows, columns, inputs, outputs, kernelH, kernelW, padding
            int[][] cases = {{1, 1, 1, 1, 1, 1, 0}, {5, 7, 3, 11, 3, 3, 1}, {4, 9, 17, 8, 3, 2, 1},
                {6, 6, 8, 5, 1, 1, 0}, {9, 4, 5, 33, 3, 3, 2}};
            for (int[] c : cases) {
                int[] s = {2, c[0], c[1], c[2]};
                float[] x = data.floats(2 * c[0] * c[1] * c[2]);
                float[] weight = data.floats(c[3] * c[2] * c[4] * c[5]);
                float[] bias = data.floats(c[3]);
                Weights weights = Kernels.conv2dWeights(scope, tensor(scope, weight, c[3], c[2], c[4], c[5]));
                for (Activation activation : IN_PRODUCTS) {
                    Tensor out = Images.conv2d(scope, tensor(scope, x, s), weights,
                            Optional.of(tensor(scope, bias, c[3])), c[6], activation);
                    TestData.assertClose(Reference.conv2d(x, s, weight, c[3], c[4], c[5], bias, c[6], activation),
                            out.toFloatArray(), "conv2d " + c[4] + " x " + c[5] + " padding " + c[6]);
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void mapHeadMatchesReference(CpuLevel level) {
        on(level, (scope, data) -> {
            int[] s = {2, 3, 5, 7, 13};
            float[] x = data.floats(2 * 3 * 5 * 7 * 13);
            float[] weight = data.floats(13);
            float[] bias = data.floats(1);
            float[] scale = data.floats(3);
            float[] shift = data.floats(3);
            boolean[] land = data.booleans(2 * 5 * 7, 0.4);
            Tensor out = Images.mapHead(scope, tensor(scope, x, s), tensor(scope, weight, 13), tensor(scope, bias, 1),
                    tensor(scope, scale, 3), tensor(scope, shift, 3), Optional.of(scope.ofBooleans(land, 2, 5, 7)));
            TestData.assertClose(Reference.mapHead(x, s, weight, bias[0], scale, shift, land), out.toFloatArray(),
                    "mapHead");
            Tensor sea = Images.mapHead(scope, tensor(scope, x, s), tensor(scope, weight, 13), tensor(scope, bias, 1),
                    tensor(scope, scale, 3), tensor(scope, shift, 3), Optional.empty());
            TestData.assertClose(Reference.mapHead(x, s, weight, bias[0], scale, shift, new boolean[land.length]),
                    sea.toFloatArray(), "mapHead without land");
        });
    }

    @Test
    void activationsMatchTheReferenceAndProductsTakeTheFirstThree() {
        float[] x = {-30, -3, -0.5f, 0, 0.25f, 2, 19, 21};
        try (Scope scope = Scope.open(Device.cpu())) {
            for (Activation activation : Activation.values()) {
                double[] wanted = new double[x.length];
                for (int i = 0; i < x.length; i++) {
                    wanted[i] = Reference.activate(activation, x[i]);
                }
                TestData.assertClose(wanted, Kernels.activate(scope, scope.of(x, 2, 4), activation).toFloatArray(),
                        activation.toString());
            }
            Weights weights = Kernels.linearWeights(scope, scope.zeros(2, 4));
            ArgumentException e = assertThrows(ArgumentException.class, () -> Kernels.linear(
                    scope, scope.zeros(1, 4), weights, Optional.empty(), Activation.SILU, Optional.empty()));
            assertTrue(e.getMessage().contains("gatun_activate"), e.getMessage());
        }
    }
}
