// SPDX-License-Identifier: Apache-2.0
// Which kernel an attention takes; apart from the kernels, so that it can be tested.
#pragma once

#include "launch.h"

#include <algorithm>

namespace gatun::cuda {

constexpr int kPackedTokens = 16, kPackedThreads = 128;
constexpr int64_t kPackedBytes = 48 << 10;  // of shared memory a block: four blocks a multiprocessor and more
constexpr int64_t kLargestHead = 256;

// Floats from token to token: an odd number of 16 bytes, so that rows lie in different banks.
GATUN_BOTH constexpr int packed_pitch(int head) { return head % 4 == 0 ? (head / 4 | 1) * 4 : head | 1; }

struct AttentionPlan {
  int units = 0;  // packed: (map, head) pairs of a block; 0: streamed
  int head = 0;   // streamed: the head's extent on chip
  int64_t shared_bytes = 0;  // packed
};

// Looks at one map alone, never at the batch.
inline AttentionPlan attention_plan(int64_t tokens, int64_t head) {
  if (head > kLargestHead) {
    fail(GATUN_SHAPE_MISMATCH, "attention: heads of ", head, " elements; on CUDA at most ", kLargestHead,
         "; use more heads");
  }
  AttentionPlan plan;
  if (tokens > 0 && tokens <= kPackedTokens) {
    const int64_t unit_bytes = 3 * tokens * packed_pitch(static_cast<int>(head)) * int64_t{4};
    plan.units = static_cast<int>(std::max<int64_t>(1, std::min(kPackedThreads / tokens, kPackedBytes / unit_bytes)));
    plan.shared_bytes = plan.units * unit_bytes;
    return plan;
  }
  plan.head = 16;
  while (plan.head < head) plan.head *= 2;
  return plan;
}

}  // namespace gatun::cuda
