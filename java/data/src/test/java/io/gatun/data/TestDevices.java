// SPDX-License-Identifier: Apache-2.0
package io.gatun.data;

import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.DeviceException;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.opentest4j.TestAbortedException;

/** Where tests run: each CPU level of this machine, and CUDA. */
public final class TestDevices {
    private TestDevices() {}

    public static List<CpuLevel> cpuLevels() {
        CpuLevel best = Device.cpu().info().cpuLevel();
        return Arrays.stream(CpuLevel.values()).filter(l -> l != CpuLevel.AUTO && l.compareTo(best) <= 0).toList();
    }

    public static void eachCpu(Consumer<Scope> test) {
        cpuLevels().forEach(level -> {
            try (Device device = Device.cpu(new CpuOptions(0, level, 0)); Scope scope = Scope.open(device)) {
                test.accept(scope);
            }
        });
    }

    /** On a GPU, or on the host harness that runs the CUDA kernels in its place. */
    public static void cuda(Consumer<Scope> test) {
        try (Scope scope = Scope.open(cudaOrSkip())) {
            test.accept(scope);
        }
    }

    /** In less than float32: TF32 and bfloat16, each with the norm-wise error that its results may have. */
    public static void cudaOfLessPrecision(double fast, double bf16, BiConsumer<Scope, Double> test) {
        Device device = cudaOrSkip();
        for (Precision precision : List.of(Precision.FAST, Precision.BF16)) {
            try (Scope scope = Scope.open(device, precision)) {
                test.accept(scope, precision == Precision.FAST ? fast : bf16);
            }
        }
    }

    /** Skips the test where there is none. */
    public static Device cudaOrSkip() {
        try {
            return Device.cuda(0);
        } catch (DeviceException e) {
            throw new TestAbortedException("no CUDA device: " + e.getMessage(), e);
        }
    }

    /** Whether the host runs the kernels in a GPU's place, some thousand times slower. */
    public static boolean isEmulated(Device device) {
        return device.info().processor().contains("host harness");
    }
}
