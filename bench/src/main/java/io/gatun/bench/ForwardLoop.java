// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.data.safetensors.SafetensorsFile;
import io.gatun.models.climanet.MonthlyInput;
import io.gatun.models.climanet.PaddedDays;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Runs forwards of a SpatioTemporalModel on request, so that a driver can alternate them with another engine's.
 *
 * <p>{@code ForwardLoop INPUT OUTPUT}: INPUT is a safetensors file with tensors {@code weights/...} and
 * {@code input/...} (the arguments of upstream's forward) and {@code model_config} in its metadata. OUTPUT gets the
 * result of a first forward as {@code maps}. Then it prints {@code ready}, and for each line on standard input the
 * milliseconds of one more forward.
 */
final class ForwardLoop {
    private ForwardLoop() {
    }

    static void main(String[] args) throws IOException {
        Checkpoint file = SafetensorsFile.read(Path.of(args[0]));
        Device device = Device.cpu();
        try (SpatioTemporalModel model = SpatioTemporalModel.load(weights(file), device);
                Scope inputs = Scope.open(device)) {
            Tensor data = inputs.of(file.tensors().get("input/daily_data"));
            Tensor mask = inputs.of(file.tensors().get("input/daily_mask"));
            Tensor land = inputs.of(file.tensors().get("input/land_mask_patch"));
            Tensor padded = inputs.of(file.tensors().get("input/padded_days_mask"));
            MonthlyInput rest = MonthlyInput.none().withLandMask(land).withPaddedDays(new PaddedDays(
                    (int) padded.dim(0), (int) padded.dim(1), (int) padded.dim(2), padded.toBooleanArray()));
            inputs.sync();
            try (Scope scope = Scope.open(device)) {
                TensorData maps = model.forward(scope, data, mask, rest).toTensorData();
                SafetensorsFile.write(Path.of(args[1]), Map.of("maps", maps), Map.of());
            }
            System.out.println("ready");
            BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            while (requests.readLine() != null) {
                long start = System.nanoTime();
                try (Scope scope = Scope.open(device)) {
                    model.forward(scope, data, mask, rest);
                    scope.sync();
                }
                System.out.println(String.format(Locale.ROOT, "%.3f", (System.nanoTime() - start) / 1e6));
            }
        }
    }

    private static Checkpoint weights(Checkpoint file) {
        String prefix = "weights/";
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        file.tensors().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                tensors.put(name.substring(prefix.length()), tensor);
            }
        });
        return new Checkpoint(file.source(), file.digest(), tensors, file.configuration());
    }
}
