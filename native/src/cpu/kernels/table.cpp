// SPDX-License-Identifier: Apache-2.0
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

// Filled in a function, not by a static initialiser that would read other files' constants before they are ready.
const KernelTable& table() {
  static const KernelTable filled = {kPanel, kLayerNorm, kLinear, kAttention, kPatchEmbed,
                                     kTemporalPool, kConvTranspose2d, kConv2d, kMapHead};
  return filled;
}

}  // namespace gatun::cpu::GATUN_NS
