// SPDX-License-Identifier: Apache-2.0
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

void finish(const FinishArgs& args) {
  constexpr int64_t kTogether = 3;
  for (int64_t i = 0; i < args.count; i += kTogether * kWidth) {
    Vec values[kTogether];
#pragma GCC unroll 3
    for (int64_t v = 0; v < kTogether; ++v) {
      const int64_t left = args.count - i - v * kWidth;
      values[v] = left > 0 ? load_up_to(args.out + i + v * kWidth, left) : splat(0.0f);
    }
    finish_product(args.activation, values);
#pragma GCC unroll 3
    for (int64_t v = 0; v < kTogether; ++v) {
      const int64_t at = i + v * kWidth, left = args.count - at;
      if (left <= 0) break;
      if (args.residual != nullptr) values[v] += load_up_to(args.residual + at, left);
      store_up_to(args.out + at, values[v], left);
    }
  }
}

}  // namespace

// Filled in a function, not by a static initialiser that would read other files' constants before they are ready.
const KernelTable& table() {
  static const KernelTable filled = {kPanel, finish, kActivate, kReduce, kSoftmax, kArgmax, kTakeRows, kGroupNorm,
                                     kLayerNorm, kLinear, kAttention, kPatchEmbed, kTemporalPool, kConvTranspose2d,
                                     kConv2d, kResize2d, kMaxPool2d, kPad2d, kMapHead, kEncodePool, kDecoderFold,
                                     kDecoderPrefix, kRefineHead};
  return filled;
}

}  // namespace gatun::cpu::GATUN_NS
