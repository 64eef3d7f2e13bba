// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenFolder;
import io.gatun.data.safetensors.SafetensorsFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The trained reference checkpoint on January and February 2014, stage by stage. Needs ../shared/models. */
class TwoMonthsGoldenTest {
    @Test
    void everyStageMatchesUpstream() {
        Optional<Path> models = GoldenFolder.shared("models").map(folder -> folder.resolve("climanet_sst"));
        assumeTrue(models.isPresent(), "../shared/models is absent");
        Checkpoint golden = SafetensorsFile.read(models.get().resolve("golden_two_months.safetensors"));
        Checkpoint weights = SafetensorsFile.read(models.get().resolve("model.safetensors"));
        TensorData padded = golden.tensors().get("input/padded_days_mask");
        boolean[] slots = new boolean[(int) padded.shape().numElements()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = padded.bytes().get(ValueLayout.JAVA_BYTE, i) != 0;
        }
        Set<String> seen = new HashSet<>();
        try (Scope scope = Scope.open(Device.cpu()); SpatioTemporalModel model =
                SpatioTemporalModel.load(
                        weights, SpatioTemporalConfig.of(weights), Device.cpu(), Precision.STRICT, Form.PLAIN)) {
            Tensor data = scope.of(golden.tensors().get("input/daily_data"));
            Tensor land = scope.of(golden.tensors().get("input/land_mask"));
            MonthlyInput input = MonthlyInput.none()
                    .withLandMask(land.reshape(1, data.dim(4), data.dim(5)))
                    .withPaddedDays(new PaddedDays(1, 2, 31, slots))
                    .withMonths(List.of(1, 2));
            Tensor result = model.forward(scope, data, scope.of(golden.tensors().get("input/daily_mask")), input,
                    (stage, tensor) -> {
                        String key = switch (stage) {
                            case "encoder", "temporal", "spatial_in" -> "expected/" + stage;
                            case "spatial" -> "expected/spatial_out";
                            default -> "";
                        };
                        if (!key.isEmpty()) {
                            seen.add(key);
                            compare(golden, key, Kernels.copy(scope, tensor).toFloatArray());
                        }
                    });
            compare(golden, "expected/monthly_pred", result.toFloatArray());
        }
        assertEquals(Set.of("expected/encoder", "expected/temporal", "expected/spatial_in", "expected/spatial_out"),
                seen);
    }

    private static void compare(Checkpoint golden, String key, float[] actual) {
        TensorData expected = golden.tensors().get(key);
        assertEquals(expected.shape().numElements(), actual.length, key);
        for (int i = 0; i < actual.length; i++) {
            assertEquals(expected.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i), actual[i], 1e-4, key);
        }
    }
}
