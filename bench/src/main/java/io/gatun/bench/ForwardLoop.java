// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.cli.bench.Forward;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.data.safetensors.SafetensorsFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * Runs forwards of a SpatioTemporalModel on request, so that a driver can alternate them with another engine's.
 *
 * <p>{@code ForwardLoop INPUT OUTPUT [DEVICE PRECISION]}, else {@code cpu strict}: INPUT is a {@link WorkloadFile}.
 * OUTPUT gets the result of a first forward as {@code maps}. Then it prints {@code ready}, and for each line on
 * standard input the milliseconds of one more forward, and how many of them passed until all of it was queued.
 */
final class ForwardLoop {
    private ForwardLoop() {
    }

    static void main(String[] args) throws IOException {
        WorkloadFile workload = WorkloadFile.read(Path.of(args[0]));
        Device device = args.length > 2 ? Device.of(args[2]) : Device.cpu();
        Precision precision = args.length > 3 ? Precision.of(args[3]) : Precision.STRICT;
        try (Forward forward = Forward.of(workload.weights(), workload.input(), device, precision)) {
            SafetensorsFile.write(Path.of(args[1]), Map.of("maps", forward.maps()), Map.of());
            System.out.println("ready");
            BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            while (requests.readLine() != null) {
                Forward.Times times = forward.time();
                System.out.println(
                        String.format(Locale.ROOT, "%.4f %.4f", times.whole() / 1e6, times.queued() / 1e6));
            }
        }
    }
}
