// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import java.util.Arrays;
import java.util.function.Consumer;

/** Runs a test at each CPU level that this machine has. */
public final class CpuLevels {
    private CpuLevels() {}

    public static void each(Consumer<Scope> test) {
        CpuLevel best = Device.cpu().info().cpuLevel();
        Arrays.stream(CpuLevel.values()).filter(l -> l != CpuLevel.AUTO && l.compareTo(best) <= 0).forEach(level -> {
            try (Device device = Device.cpu(new CpuOptions(0, level, 0)); Scope scope = Scope.open(device)) {
                test.accept(scope);
            }
        });
    }
}
