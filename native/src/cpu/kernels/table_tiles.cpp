// SPDX-License-Identifier: Apache-2.0
// Operations whose products of pairs go through tiles. The others are avx512_bf16's.
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

const KernelTable& table() {
  static const KernelTable filled = [] {
    KernelTable all = avx512_bf16::table();
    all.linear = kLinear;
    all.attention = kAttention;
    all.patch_embed = kPatchEmbed;
    all.temporal_pool = kTemporalPool;
    all.conv2d = kConv2d;
    all.conv_transpose2d = kConvTranspose2d;
    all.encode_pool = kEncodePool;
    all.decoder_prefix = kDecoderPrefix;
    return all;
  }();
  return filled;
}

}  // namespace gatun::cpu::GATUN_NS
