// SPDX-License-Identifier: Apache-2.0
// In the place of src/cpu/machine.cpp: a processor with AVX-512, its products of bf16 pairs and AMX, for kernels that
// are compiled for AVX2 in truth.
#include "cpu/kernels.h"
#include "cpu/machine.h"

#include "gatun/gatun.h"
#include "library_folder.h"

namespace gatun::cpu {

int available_cores() { return 2; }

int64_t available_memory() { return int64_t{1} << 32; }

int32_t best_level() { return __builtin_cpu_supports("avx2") ? GATUN_CPU_AVX512 : GATUN_CPU_PORTABLE; }

PairProducts pair_products(int32_t level) {
  if (level != GATUN_CPU_AVX512) return PairProducts::widened;
  return disabled("amx") ? PairProducts::dot : PairProducts::tiles;
}

namespace avx512 {
const KernelTable& table() { return avx512_bf16::table(); }
}

const char* level_name(int32_t level) {
  constexpr const char* names[] = {"auto", "portable", "avx2", "avx512"};
  return names[level];
}

std::string processor_name() { return "AVX-512 kernels compiled for AVX2"; }

}  // namespace gatun::cpu
