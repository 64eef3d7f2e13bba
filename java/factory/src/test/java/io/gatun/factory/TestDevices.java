// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.DeviceException;
import io.gatun.core.Scope;
import java.util.Arrays;
import java.util.function.Consumer;
import org.opentest4j.TestAbortedException;

/** Where the cases run: each CPU level of this machine, and CUDA. */
final class TestDevices {
    private TestDevices() {}

    static void eachCpu(Consumer<Scope> test) {
        CpuLevel best = Device.cpu().info().cpuLevel();
        Arrays.stream(CpuLevel.values()).filter(l -> l != CpuLevel.AUTO && l.compareTo(best) <= 0).forEach(level -> {
            try (Device device = Device.cpu(new CpuOptions(0, level, 0)); Scope scope = Scope.open(device)) {
                test.accept(scope);
            }
        });
    }

    /** On a GPU, or on the host harness that runs the CUDA kernels in its place. */
    static void cuda(Consumer<Scope> test) {
        try (Scope scope = Scope.open(cudaOrSkip())) {
            test.accept(scope);
        }
    }

    private static Device cudaOrSkip() {
        try {
            return Device.cuda(0);
        } catch (DeviceException e) {
            throw new TestAbortedException("no CUDA device: " + e.getMessage(), e);
        }
    }
}
