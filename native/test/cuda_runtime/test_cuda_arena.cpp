// SPDX-License-Identifier: Apache-2.0
// The memory of a graph: what is reused while it records, and what outlives it.
#include "../check.h"
#include "cuda/runtime/arena.h"

#include <algorithm>

using gatun::cuda::Arena;

namespace {

constexpr int64_t kMega = 1 << 20;

// Addresses that nobody reads.
char* at(int64_t megas) { return reinterpret_cast<char*>((megas + 1) * kMega); }

bool has(const std::vector<char*>& blocks, char* block) {
  return std::find(blocks.begin(), blocks.end(), block) != blocks.end();
}

TEST(givenBlocksServeLaterTakes) {
  Arena arena;
  CHECK(arena.reuse(1) == nullptr);
  arena.add(at(0), 8 * kMega);
  CHECK(arena.reuse(kMega) == nullptr, "it is in use");
  arena.give(at(0));
  CHECK(arena.reuse(8 * kMega) == at(0));
  CHECK(arena.reuse(8 * kMega) == nullptr, "it is in use again");
}

TEST(smallestThatFitsIsTaken) {
  Arena arena;
  arena.add(at(0), 30 * kMega);
  arena.add(at(100), 10 * kMega);
  arena.add(at(200), 20 * kMega);
  for (char* block : {at(0), at(100), at(200)}) arena.give(block);
  CHECK(arena.reuse(15 * kMega) == at(200));
  CHECK(arena.reuse(15 * kMega) == at(0));
  CHECK(arena.reuse(15 * kMega) == nullptr, "the last one is too small");
  CHECK(arena.reuse(10 * kMega) == at(100));
}

TEST(largeBlocksAreKeptForLargeTakes) {
  Arena arena;
  arena.add(at(0), 100 * kMega);
  arena.give(at(0));
  CHECK(arena.reuse(10 * kMega) == nullptr);
  CHECK(arena.reuse(50 * kMega) == at(0));
  arena.add(at(200), kMega / 2);
  arena.give(at(200));
  CHECK(arena.reuse(1) == at(200), "a little may be wasted");
}

TEST(constantsAreNeverHandedOut) {
  Arena arena;
  arena.add_constant(at(0));
  CHECK(arena.reuse(1) == nullptr);
  CHECK(!arena.owns(at(0)) && !arena.holds(at(0)));
  const Arena::Leaving leaving = arena.leave();
  CHECK(leaving.dead.size() == 1 && has(leaving.dead, at(0)) && leaving.kept.empty());
}

// What another stream gives back may still be in use there.
TEST(droppedBlocksAreNotReusedButFreed) {
  Arena arena;
  arena.add(at(0), kMega);
  arena.drop(at(0));
  CHECK(arena.reuse(kMega) == nullptr);
  const Arena::Leaving leaving = arena.leave();
  CHECK(has(leaving.dead, at(0)) && leaving.kept.empty());
}

TEST(blocksOfLiveBuffersOutliveTheGraph) {
  Arena arena;
  arena.add(at(0), kMega);
  arena.add(at(10), kMega);
  arena.give(at(10));
  const Arena::Leaving leaving = arena.leave();
  CHECK(leaving.kept.size() == 1 && has(leaving.kept, at(0)));
  CHECK(leaving.dead.size() == 1 && has(leaving.dead, at(10)));
  CHECK(!arena.owns(at(0)));
}

TEST(addressesInsideABlockAreFound) {
  Arena arena;
  arena.add(at(5), 2 * kMega);
  CHECK(arena.holds(at(5)) && arena.holds(at(6)) && arena.holds(at(7) - 1));
  CHECK(!arena.holds(at(5) - 1) && !arena.holds(at(7)));
  CHECK(arena.owns(at(5)) && !arena.owns(at(6)), "a block is known by its beginning");
}

}  // namespace
