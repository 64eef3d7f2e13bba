// SPDX-License-Identifier: Apache-2.0
#include "arena.h"

#include <algorithm>
#include <utility>

namespace gatun::cuda {

namespace {

constexpr int64_t kLittle = 1 << 20;

}  // namespace

char* Arena::reuse(int64_t bytes) {
  std::pair<char* const, Block>* best = nullptr;
  for (auto& each : blocks_) {
    const Block& block = each.second;
    if (block.state != State::free || block.bytes < bytes || block.bytes - bytes > std::max(bytes, kLittle)) continue;
    if (best == nullptr || block.bytes < best->second.bytes) best = &each;
  }
  if (best == nullptr) return nullptr;
  best->second.state = State::live;
  return best->first;
}

bool Arena::holds(char* address) const {
  auto after = blocks_.upper_bound(address);
  if (after == blocks_.begin()) return false;
  const auto& [start, block] = *--after;
  return address < start + block.bytes;
}

Arena::Leaving Arena::leave() {
  Leaving leaving{std::exchange(constants_, {}), {}};
  for (const auto& [start, block] : blocks_) {
    (block.state == State::live ? leaving.kept : leaving.dead).push_back(start);
  }
  blocks_.clear();
  return leaving;
}

}  // namespace gatun::cuda
