// SPDX-License-Identifier: Apache-2.0
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

// Filled in a function, not by a static initialiser that would read other files' constants before they are ready.
const KernelTable& table() {
  static const KernelTable filled = {kPanel, kActivate, kReduce, kSoftmax, kArgmax, kSampleTokens, kTakeRows,
                                     kGroupNorm, kLayerNorm, kLinear, kAttention, kPatchEmbed, kTemporalPool,
                                     kConvTranspose2d, kConv2d, kResize2d, kMaxPool2d, kPad2d, kMapHead, kEncodePool,
                                     kDecoderFold, kDecoderPrefix, kRefineHead};
  return filled;
}

}  // namespace gatun::cpu::GATUN_NS
