// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Arrays;
import java.util.Locale;

/**
 * The arithmetic of matrix products and attention, chosen when weights are arranged ({@link Scope#open(Device,
 * Precision)}). Sums, normalisation, softmax and what is stored are f32 in each. The order is the numbering of
 * {@code gatun_precision}.
 */
public enum Precision {
    /**
     * f32 factors, on matrix units as two TF32 parts each: the parity mode and the default, on every device. Results
     * agree with PyTorch's in f32 to 1e-4 (absolute and relative).
     */
    STRICT,
    /**
     * TF32 factors (10 bits of fraction) on CUDA: results agree with {@link #STRICT} to 2e-3, in norm. The CPU computes
     * as in {@link #STRICT}.
     */
    FAST,
    /**
     * bf16 factors (7 bits of fraction): results agree with {@link #STRICT} to 1e-2, in norm. On the CPU weights take
     * half the memory; {@link Fusions#refineHead} stays f32, and attention over 16 tokens or fewer everywhere.
     * Processors with AMX or AVX-512's bf16 instructions multiply with them, others in f32 after rounding.
     */
    BF16;

    /**
     * A precision by name.
     *
     * @param name {@code strict}, {@code fast} or {@code bf16}
     * @return the precision
     * @throws ArgumentException if the name is none of these
     */
    public static Precision of(String name) {
        return Arrays.stream(values()).filter(precision -> precision.toString().equals(name)).findFirst()
                .orElseThrow(() -> new ArgumentException(
                        "unknown precision \"" + name + "\"; expected strict, fast or bf16"));
    }

    /** The name in lower case, as {@link #of} takes it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
