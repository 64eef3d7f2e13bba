// SPDX-License-Identifier: Apache-2.0
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

void finish(const FinishArgs& args) {
  for (int64_t i = 0; i < args.count; i += kWidth) {
    const int64_t left = args.count - i;
    Vec value = load_up_to(args.out + i, left);
    if (args.gelu_after) value = gelu(value);
    if (args.residual != nullptr) value += load_up_to(args.residual + i, left);
    store_up_to(args.out + i, value, left);
  }
}

}  // namespace

// Filled in a function, not by a static initialiser that would read other files' constants before they are ready.
const KernelTable& table() {
  static const KernelTable filled = {kPanel, finish, kLayerNorm, kLinear, kAttention, kPatchEmbed,
                                     kTemporalPool, kConvTranspose2d, kConv2d, kMapHead, kEncodePool,
                                     kDecoderFold, kDecoderPrefix, kRefineHead};
  return filled;
}

}  // namespace gatun::cpu::GATUN_NS
