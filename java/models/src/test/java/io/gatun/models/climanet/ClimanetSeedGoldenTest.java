// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.models.layers.PositionTables;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Every case of the golden family {@code climanet_seed}, at the tolerance of its JSON, at each CPU level that this
 * machine has. Cases never seen run unchanged.
 */
class ClimanetSeedGoldenTest {
    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family("climanet_seed", golden -> TestDevices.eachCpu(scope -> run(golden, scope)));
    }

    /** On a GPU, or on the host harness that runs the CUDA kernels in its place. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family("climanet_seed",
                golden -> TestDevices.cuda(scope -> run(golden, scope)));
    }

    /** The model's cases in less than float32, norm-wise: TF32 within 2e-3, bfloat16 within 1e-2. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOfLessPrecisionOnCuda() throws IOException {
        Device device = TestDevices.cudaOrSkip();
        return models(golden -> {
            lessPrecise(golden, device, Precision.FAST, Form.FUSED, 2e-3);
            lessPrecise(golden, device, Precision.BF16, Form.FUSED, 1e-2);
        });
    }

    @TestFactory
    Stream<DynamicTest> casesInBf16() throws IOException {
        return models(golden -> {
            for (CpuLevel level : TestDevices.cpuLevels()) {
                try (Device device = Device.cpu(new CpuOptions(0, level, 0))) {
                    for (Form form : Form.values()) {
                        lessPrecise(golden, device, Precision.BF16, form, 1e-2);
                    }
                }
            }
        });
    }

    private static Stream<DynamicTest> models(Consumer<GoldenCase> test) throws IOException {
        return GoldenCase.family("climanet_seed", c -> c.upstreamClass().equals("SpatioTemporalModel"), test);
    }

    private static void lessPrecise(GoldenCase golden, Device device, Precision precision, Form form, double limit) {
        try (Scope scope = Scope.open(device)) {
            model(golden, scope, precision, form, (key, actual) -> {
                if (key.equals("expected/monthly")) {
                    golden.compareNorm(key, actual.shape(), actual.toFloatArray(), limit);
                }
            });
        }
    }

    private static void run(GoldenCase golden, Scope scope) {
        switch (golden.upstreamClass()) {
            case "VideoEncoder" -> videoEncoder(golden, scope);
            case "TemporalPositionalEncoding" -> temporalPe(golden, scope);
            case "TemporalAttentionAggregator" -> temporal(golden, scope);
            case "SpatialPositionalEncoding2D" -> spatialPe(golden, scope);
            case "SpatialTransformer" -> spatialTransformer(golden, scope);
            case "MonthlyConvDecoder" -> decoder(golden, scope);
            case "SpatioTemporalModel" -> model(golden, scope);
            default -> fail("the family has a class this test does not know: " + golden.upstreamClass());
        }
    }

    private static void videoEncoder(GoldenCase golden, Scope scope) {
        StateDict state = StateDict.of(golden.weights());
        PatchSize patch = patch(golden);
        VideoEncoder encoder = new VideoEncoder(
                scope, state, golden.constructor("in_chans", 1), golden.constructor("embed_dim", 128), patch);
        state.finish();
        Tensor x = scope.of(golden.tensor("input/x"));
        Tensor mask = scope.of(golden.tensor("input/mask"));
        compare(golden, "expected/tokens", encoder.forward(scope, x, mask));
        Tensor convolved = encoder.project(scope, x, mask)
                .reshape(x.dim(0), x.dim(2) / patch.time(), x.dim(3) / patch.height(), x.dim(4) / patch.width(), -1);
        compare(golden, "intermediate/proj", Kernels.copy(scope, convolved.permute(0, 4, 1, 2, 3)));
    }

    private static void temporalPe(GoldenCase golden, Scope scope) {
        int embed = golden.constructor("embed_dim", 128);
        int maxLength = golden.constructor("max_len", 31);
        int rows = ((Number) golden.forward().get("T")).intValue();
        float[] formula = Arrays.copyOf(PositionTables.sinusoidal(maxLength, embed), rows * embed);
        golden.compare("expected/pe", Shape.of(rows, embed), formula);
        TemporalPositionalEncoding stored =
                new TemporalPositionalEncoding(StateDict.of(golden.weights()), "day", maxLength, embed);
        compare(golden, "expected/pe", stored.rows(scope, IntStream.range(0, rows).toArray()));
    }

    private static void temporal(GoldenCase golden, Scope scope) {
        int embed = golden.constructor("embed_dim", 128);
        StateDict state = StateDict.of(golden.weights());
        TemporalAttentionAggregator aggregator = new TemporalAttentionAggregator(scope, state, embed,
                golden.constructor("max_days", 31), golden.constructor("max_months", 12));
        state.finish();
        int months = forward(golden, "M");
        Tensor x = scope.of(golden.tensor("input/x"));
        Tensor tokens = x.reshape(x.dim(0), months, forward(golden, "T"), -1, embed);
        int[] rows = IntStream.range(0, months).toArray();
        Optional<PaddedDays> padded = padded(golden);
        if (golden.has("intermediate/month_tokens")) {
            compare(golden, "intermediate/month_tokens", aggregator.poolDays(scope, tokens, rows, padded));
        }
        Tensor out = aggregator.forward(scope, tokens, rows, padded).permute(0, 2, 1, 3);
        compare(golden, "expected/out", Kernels.copy(scope, out).reshape(x.dim(0), -1, embed));
    }

    private static void spatialPe(GoldenCase golden, Scope scope) {
        SpatialPositionalEncoding2D encoding = new SpatialPositionalEncoding2D(golden.constructor("embed_dim", 128));
        compare(golden, "expected/pe", encoding.forward(scope, forward(golden, "Hp"), forward(golden, "Wp")));
    }

    private static void spatialTransformer(GoldenCase golden, Scope scope) {
        StateDict state = StateDict.of(golden.weights());
        double ratio = golden.constructor().get("mlp_ratio") instanceof Number n ? n.doubleValue() : 4.0;
        SpatialTransformer transformer = new SpatialTransformer(scope, state, golden.constructor("embed_dim", 128),
                golden.constructor("depth", 2), golden.constructor("num_heads", 4), ratio);
        state.finish();
        Tensor out = transformer.forward(scope, scope.of(golden.tensor("input/x")),
                (stage, result) -> compareIfGiven(golden, "intermediate/" + stage, result));
        compare(golden, "expected/out", out);
    }

    private static void decoder(GoldenCase golden, Scope scope) {
        for (Form form : Form.values()) {
            decoder(golden, scope, form);
        }
    }

    private static void decoder(GoldenCase golden, Scope scope, Form form) {
        StateDict state = StateDict.of(golden.weights());
        int patchH = golden.constructor("patch_h", 4);
        int patchW = golden.constructor("patch_w", 4);
        int embed = golden.constructor("embed_dim", 128);
        MonthlyConvDecoder decoder = new MonthlyConvDecoder(scope, state, embed, patchH, patchW,
                golden.constructor("hidden", 128), golden.constructor("overlap", 1),
                golden.constructor("num_months", 12), form);
        state.finish();
        int months = forward(golden, "M");
        int height = forward(golden, "out_H");
        int width = forward(golden, "out_W");
        Tensor latent = scope.of(golden.tensor("input/latent"));
        Tensor maps = decoder.forward(scope,
                latent.reshape(latent.dim(0), months, height / patchH, width / patchW, embed),
                IntStream.range(0, months).toArray(), optional(golden, scope, "input/land_mask"),
                (stage, result) -> compareIfGiven(
                        golden, "intermediate/" + stage, Kernels.copy(scope, result.permute(0, 3, 1, 2))));
        compare(golden, "expected/maps", maps);
    }

    private static void model(GoldenCase golden, Scope scope) {
        for (Form form : Form.values()) {
            model(golden, scope, Precision.STRICT, form, (key, actual) -> compare(golden, key, actual));
        }
    }

    private static void model(GoldenCase golden, Scope scope, Precision precision, Form form,
            BiConsumer<String, Tensor> check) {
        Map<String, Object> arguments = golden.constructor();
        SpatioTemporalConfig config = SpatioTemporalConfig.of(arguments);
        try (SpatioTemporalModel model =
                SpatioTemporalModel.load(golden.weights(), config, scope.device(), precision, form)) {
            MonthlyInput input = MonthlyInput.none().withAllPadded(MonthlyInput.AllPadded.NAN);
            Optional<Tensor> land = optional(golden, scope, "input/land_mask_patch");
            Optional<PaddedDays> padded = padded(golden);
            input = land.isPresent() ? input.withLandMask(land.get()) : input;
            input = padded.isPresent() ? input.withPaddedDays(padded.get()) : input;
            Tensor monthly = model.forward(scope, scope.of(golden.tensor("input/daily_data")),
                    scope.of(golden.tensor("input/daily_mask")), input, (stage, result) -> {
                        Tensor given = switch (stage) {
                            case "temporal" -> Kernels.copy(scope, result).reshape(result.dim(0), -1, result.dim(3));
                            case "deconv" -> Kernels.copy(scope, result.permute(0, 3, 1, 2));
                            default -> result;
                        };
                        boolean named = List.of("encoder", "temporal", "spatial", "deconv").contains(stage);
                        if (named && golden.has("intermediate/" + stage)) {
                            check.accept("intermediate/" + stage, given);
                        }
                    });
            check.accept("expected/monthly", monthly);
        }
    }

    private static void compareIfGiven(GoldenCase golden, String key, Tensor actual) {
        if (golden.has(key)) {
            compare(golden, key, actual);
        }
    }

    private static void compare(GoldenCase golden, String key, Tensor actual) {
        golden.compare(key, actual.shape(), actual.toFloatArray());
    }

    private static Optional<Tensor> optional(GoldenCase golden, Scope scope, String key) {
        return golden.has(key) ? Optional.of(scope.of(golden.tensor(key))) : Optional.empty();
    }

    private static Optional<PaddedDays> padded(GoldenCase golden) {
        if (!golden.has("input/padded_days_mask")) {
            return Optional.empty();
        }
        TensorData mask = golden.tensor("input/padded_days_mask");
        assertEquals(3, mask.shape().rank());
        boolean[] values = new boolean[(int) mask.shape().numElements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = mask.bytes().get(ValueLayout.JAVA_BYTE, i) != 0;
        }
        return Optional.of(new PaddedDays((int) mask.shape().dim(0), (int) mask.shape().dim(1),
                (int) mask.shape().dim(2), values));
    }

    private static int forward(GoldenCase golden, String key) {
        return ((Number) golden.forward().get(key)).intValue();
    }

    private static PatchSize patch(GoldenCase golden) {
        return SpatioTemporalConfig.of(golden.constructor().containsKey("patch_size")
                ? Map.of("patch_size", golden.constructor().get("patch_size")) : Map.of()).patchSize();
    }
}
