// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include "../library_folder.h"
#include "gatun/gatun.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace gatun::cpu {

namespace {

// A number from a cgroup file, or -1 where there is none ("max", no such file).
double first_number(const char* path) {
  std::ifstream file(path);
  double value = -1;
  return file >> value ? value : -1;
}

double cgroup_cores() {
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  double quota = -1, period = -1;
  if (v2 >> quota >> period && period > 0) return quota / period;
  quota = first_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  period = first_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return quota > 0 && period > 0 ? quota / period : -1;
}

#if defined(__x86_64__)
// Of a processor with AVX-512. The permission is the process's, for good.
bool tiles_permitted() {
  constexpr unsigned kInstructions = 1u << 22 | 1u << 24;  // AMX-BF16 and AMX-TILE of leaf 7's EDX
  constexpr unsigned kStates = 1u << 17 | 1u << 18;        // XTILECFG and XTILEDATA of XCR0
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0 || (edx & kInstructions) != kInstructions) return false;
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & kStates) == kStates && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

}  // namespace

int available_cores() {
  cpu_set_t set;
  int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                          : static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const double quota = cgroup_cores();
  if (quota > 0) cores = std::min(cores, static_cast<int>(std::ceil(quota)));
  return std::max(cores, 1);
}

int64_t available_memory() {
  int64_t bytes = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const double limit = first_number(path);
    if (limit > 0 && limit < static_cast<double>(bytes)) bytes = static_cast<int64_t>(limit);
  }
  return bytes;
}

int32_t best_level() {
#if GATUN_AVX512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return GATUN_CPU_AVX512;
  }
#endif
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return GATUN_CPU_AVX2;
#endif
  return GATUN_CPU_PORTABLE;
}

PairProducts pair_products(int32_t level) {
#if defined(__x86_64__)
  if (level == GATUN_CPU_AVX512 && __builtin_cpu_supports("avx512bf16")) {
    return !disabled("amx") && tiles_permitted() ? PairProducts::tiles : PairProducts::dot;
  }
#endif
  (void)level;
  return PairProducts::widened;
}

const char* level_name(int32_t level) {
  switch (level) {
    case GATUN_CPU_PORTABLE: return "portable";
    case GATUN_CPU_AVX2: return "avx2";
    case GATUN_CPU_AVX512: return "avx512";
    default: return "auto";
  }
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) {
      const size_t colon = line.find(": ");
      if (colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "CPU";
}

}  // namespace gatun::cpu
