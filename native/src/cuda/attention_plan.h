// SPDX-License-Identifier: Apache-2.0
// Which kernel an attention takes; apart from the kernels, so that it can be tested.
#pragma once

#include "launch.h"

#include <algorithm>

namespace gatun::cuda {

constexpr int kPackedTokens = static_cast<int>(AttentionArgs::kFew), kPackedThreads = 128;
constexpr int64_t kPackedBytes = 48 << 10;  // of shared memory a block: four blocks a multiprocessor and more
constexpr int64_t kPackedMost = 99 << 10;   // for one unit, where it is so large
constexpr int kSlice = 128, kSliceKeys = 32, kSliceThreads = 128;
constexpr int64_t kLargestHead = 256, kMostColumns = 1 << 20;

// Floats from token to token: an odd number of 16 bytes, so that rows lie in different banks.
GATUN_BOTH constexpr int packed_pitch(int head) { return head % 4 == 0 ? (head / 4 | 1) * 4 : head | 1; }

struct AttentionPlan {
  int units = 0;  // packed: (map, head) pairs of a block; 0: streamed or sliced
  int head = 0;   // streamed: the head's extent on chip; 0: sliced
  int64_t shared_bytes = 0;  // packed
};

// Looks at one map alone, never at the batch.
inline AttentionPlan attention_plan(const AttentionArgs& args, int64_t head) {
  if (head > kMostColumns) {
    fail(GATUN_SHAPE_MISMATCH, "attention: heads of ", head, " elements; on CUDA at most ", kMostColumns,
         "; use more heads");
  }
  AttentionPlan plan;
  const int64_t unit_bytes = (args.queries + 2 * args.keys) * packed_pitch(static_cast<int>(head)) * int64_t{4};
  if (args.are_few() && unit_bytes <= kPackedMost) {
    const int64_t most = kPackedThreads / args.queries;
    plan.units = static_cast<int>(std::max<int64_t>(1, std::min(most, kPackedBytes / unit_bytes)));
    plan.shared_bytes = plan.units * unit_bytes;
    return plan;
  }
  if (head > kLargestHead) return plan;
  plan.head = 16;
  while (plan.head < head) plan.head *= 2;
  return plan;
}

}  // namespace gatun::cuda
