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

AttentionPlan plan_of(int64_t queries, int64_t keys, int64_t head) {
  AttentionArgs args{};
  args.queries = queries;
  args.keys = keys;
  return attention_plan(args, head);
}

TEST(attentionPacksShortSequencesAndStreamsLongOnes) {
  CHECK(plan_of(12, 12, 32).units == 9, plan_of(12, 12, 32).units);
  CHECK(plan_of(1, 1, 1).units == 128, plan_of(1, 1, 1).units);
  for (int64_t head = 1; head <= 512; ++head) {
    for (int64_t queries = 1; queries <= 16; ++queries) {
      for (int64_t keys : {int64_t{1}, queries, int64_t{16}}) {
        const AttentionPlan plan = plan_of(queries, keys, head);
        CHECK(plan.units >= 1 && plan.units * queries <= kPackedThreads, head, queries, keys);
        CHECK(plan.shared_bytes <= (head <= 256 ? 64 << 10 : kPackedMost), head, queries, keys, plan.shared_bytes);
      }
    }
  }
  for (const auto& [queries, keys] : {std::pair{17, 17}, {17, 1}, {1, 17}, {400, 16}}) {
    for (int64_t head = 1; head <= kLargestHead; ++head) {
      const AttentionPlan streamed = plan_of(queries, keys, head);
      CHECK(streamed.units == 0 && streamed.head >= head && streamed.head < std::max<int64_t>(17, 2 * head), head);
    }
  }
}

TEST(attentionSlicesLargeHeads) {
  for (const auto& [tokens, head] : {std::pair{17, 257}, {196, 512}, {16, 600}, {3, 4000}}) {
    const AttentionPlan plan = plan_of(tokens, tokens, head);
    CHECK(plan.units == 0 && plan.head == 0, tokens, head, plan.units, plan.head);
  }
  try {
    plan_of(100, 100, kMostColumns + 1);
    CHECK(false, "no refusal");
  } catch (const Failure& failure) {
    CHECK(failure.text.find("at most 1048576") != std::string::npos, failure.text);
  }
}

}  // namespace

}  // namespace gatun::cuda
