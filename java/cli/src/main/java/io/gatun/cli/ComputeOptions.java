// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.Precision;
import picocli.CommandLine.Option;

/** Where and how precisely a command computes. */
final class ComputeOptions {
    @Option(names = "--device", defaultValue = "auto", paramLabel = "auto|cpu|cuda:N",
            description = "Where to compute (default: ${DEFAULT-VALUE}).")
    private String device;

    @Option(names = "--precision", defaultValue = "strict", paramLabel = "strict|fast|bf16",
            description = {"Arithmetic of the products: f32, TF32 or bf16 (default: ${DEFAULT-VALUE}). The CPU takes",
                "fast for strict."})
    private Precision precision;

    ComputeOptions() {}

    String device() {
        return device;
    }

    Precision precision() {
        return precision;
    }
}
