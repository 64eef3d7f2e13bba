// SPDX-License-Identifier: Apache-2.0
// How temporal pooling is cut into blocks; apart from the kernels, so that it can be tested.
#pragma once

#include "gemm_tile.h"
#include "launch.h"

#include <algorithm>

namespace gatun::cuda {

constexpr int64_t kLargestEmbed = 1024;

template <class Precision, int Rows>
using PoolGemm = GemmTile<Precision, Rows, 64, Rows / 16, Rows == 64 ? 2 : 4>;

struct PoolPlan {
  int rows = 0;           // of the block's product: 64, 32 or 16
  int days = 0;           // of a step
  int places = 0;         // of a block
  int shared_bytes = 0;
};

// Parts of the block's shared memory, in bytes from its begin. `normal` and the stages make room for the stages of an
// embedding before; the places of a row's origin lie at the end.
struct PoolLayout {
  int pitch;  // elements of a row of normalised tokens
  int normal, tokens, sums, parts, scores, states, origins, end;

  template <class Gemm>
  GATUN_BOTH static PoolLayout of(int embed, int places) {
    using Element = typename Gemm::Element;
    PoolLayout at{};
    at.pitch = pitch_of<Element>((embed + kStageDepth<Element> - 1) / kStageDepth<Element> * kStageDepth<Element>);
    at.normal = Gemm::kResidentBytes;
    const int end_of_normal = at.normal + Gemm::kRows * at.pitch * static_cast<int>(sizeof(Element));
    at.tokens = end_of_normal > Gemm::kSharedBytes ? end_of_normal : Gemm::kSharedBytes;
    at.sums = at.tokens + Gemm::kRows * embed * 4;
    at.parts = at.sums + embed * 4;
    at.scores = at.parts + Gemm::kPartsBytes;
    at.states = at.scores + Gemm::kRows * 4;
    at.origins = (at.states + places * 12 + 7) / 8 * 8;
    at.end = at.origins + Gemm::kRows * 8;
    return at;
  }
};

// The most rows that fit, then as many places as their days leave room for; days in steps of equal length where a month
// has more than rows. Looks at one map alone.
template <class Precision>
PoolPlan pool_plan(int64_t time, int64_t places, int64_t embed, const Limits& limits) {
  const auto bytes = [&](int rows, int count) {
    const auto width = static_cast<int>(embed);
    return (rows == 64   ? PoolLayout::of<PoolGemm<Precision, 64>>(width, count)
            : rows == 32 ? PoolLayout::of<PoolGemm<Precision, 32>>(width, count)
                         : PoolLayout::of<PoolGemm<Precision, 16>>(width, count)).end;
  };
  for (int rows : {64, 32, 16}) {
    if (embed > 128 * (64 / rows) * (rows == 16 ? 2 : 1)) continue;
    const int64_t steps = blocks_for(time, rows), days = blocks_for(time, steps);
    const int64_t count = std::max<int64_t>(1, std::min(rows / days, places));
    const int shared = bytes(rows, static_cast<int>(count));
    if (shared > limits.shared_per_block) continue;
    return {rows, static_cast<int>(days), static_cast<int>(count), shared};
  }
  fail(GATUN_SHAPE_MISMATCH, "temporal_pool: tokens of ", embed, " elements; on this GPU (", limits.shared_per_block,
       " bytes of shared memory a block) at most ", embed > kLargestEmbed ? kLargestEmbed : 512,
       "; use the CPU for wider ones");
}

}  // namespace gatun::cuda
