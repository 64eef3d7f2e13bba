// SPDX-License-Identifier: Apache-2.0
// What this machine offers the process: cores, memory, instruction sets.
#pragma once

#include <cstdint>
#include <string>

namespace gatun::cpu {

// Cores that the affinity mask and the cgroup's quota allow, at least 1.
int available_cores();

// Physical memory, or the cgroup's limit if that is lower, in bytes.
int64_t available_memory();

// The best gatun_cpu_level this processor can run.
int32_t best_level();

// How kernels of a level may multiply pairs of bf16: in f32, by AVX-512's dot product, by AMX's tiles, which the system
// lets the process use when this is asked. GATUN_DISABLE=amx leaves the last out.
enum class PairProducts { widened, dot, tiles };
PairProducts pair_products(int32_t level);

const char* level_name(int32_t level);

std::string processor_name();

}  // namespace gatun::cpu
