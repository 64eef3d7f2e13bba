// SPDX-License-Identifier: Apache-2.0
// What the dense operations decide: tile of a product, kernel of an attention.
#include "../check.h"
#include "../../src/cuda/attention_plan.h"
#include "../../src/cuda/gemm_tile.h"
#include "../../src/cuda/linear_plan.h"

namespace gatun::cuda {

namespace {

constexpr Limits kHopper{132, 227 << 10, 90};

TEST(linearTakesTheLargestTileThatFillsTheDevice) {
  CHECK(linear_plan(12'000'000, 128, kHopper).tile == LinearTile::large);
  CHECK(linear_plan(12'000'000, 64, kHopper).tile == LinearTile::medium);
  CHECK(linear_plan(1024, 384, kHopper).tile == LinearTile::least);
  CHECK(linear_plan(4096, 384, kHopper).tile == LinearTile::medium);
  CHECK(linear_plan(2048, 384, kHopper).tile == LinearTile::small);
  for (int64_t rows : {0, 1, 15}) CHECK(linear_plan(rows, 128, kHopper).tile == LinearTile::least, rows);
}

TEST(productTilesFitTheSmallestDevice) {
  constexpr int64_t strict = GemmTile<Strict, 128, 128, 2, 4>::kSharedBytes;
  constexpr int64_t reduced = GemmTile<Reduced, 128, 128, 2, 4>::kSharedBytes;
  CHECK(strict == reduced && strict <= 163 << 10 && 2 * (strict + 1024) <= 228 << 10, strict, reduced);
}

TEST(attentionPacksShortSequencesAndStreamsLongOnes) {
  CHECK(attention_plan(12, 32).units == 9, attention_plan(12, 32).units);
  CHECK(attention_plan(1, 1).units == 128, attention_plan(1, 1).units);
  for (int64_t head = 1; head <= kLargestHead; ++head) {
    for (int64_t tokens = 1; tokens <= 16; ++tokens) {
      const AttentionPlan plan = attention_plan(tokens, head);
      CHECK(plan.units >= 1 && plan.units * tokens <= kPackedThreads, head, tokens);
      CHECK(plan.shared_bytes <= 64 << 10, head, tokens, plan.shared_bytes);
    }
    const AttentionPlan streamed = attention_plan(17, head);
    CHECK(streamed.units == 0 && streamed.head >= head && streamed.head < std::max<int64_t>(17, 2 * head), head);
  }
}

TEST(attentionRefusesHeadsBeyondItsTiles) {
  try {
    attention_plan(100, 257);
    CHECK(false, "no refusal");
  } catch (const Failure& failure) {
    CHECK(failure.text.find("at most 256") != std::string::npos, failure.text);
  }
}

}  // namespace

}  // namespace gatun::cuda
