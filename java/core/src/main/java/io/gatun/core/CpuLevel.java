// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** Instruction set of the CPU kernels. The order is the numbering of {@code gatun_cpu_level}. */
public enum CpuLevel {
    /** What the environment variable {@code GATUN_CPU} says, else the best of this machine. */
    AUTO,
    /** Plain C++, on every machine. */
    PORTABLE,
    /** AVX2 with FMA. */
    AVX2,
    /** AVX-512; in reduced precision with its products of bf16 pairs, or with AMX, where the processor has them. */
    AVX512
}
