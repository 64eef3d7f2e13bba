// SPDX-License-Identifier: Apache-2.0
#include "memory_pool.h"

#include "../../status.h"

#include <algorithm>

namespace gatun::cuda {

namespace {

// As the driver rounds; none is empty, so that each buffer has an address of its own.
constexpr int64_t kGranule = 512;

}  // namespace

char* MemoryPool::take(int64_t bytes, Queue queue) {
  if (bytes > INT64_MAX / 2) refuse(bytes);
  const int64_t size = std::max(kGranule, (bytes + kGranule - 1) / kGranule * kGranule);
  char* block = reserve(size) ? take_reserved(size, queue) : nullptr;
  if (block == nullptr) refuse(bytes);
  return block;
}

// Before it is there, so that two threads together do not pass the limit.
bool MemoryPool::reserve(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > limit_ - in_use_) return false;
  in_use_ += bytes;
  return true;
}

char* MemoryPool::take_reserved(int64_t bytes, Queue queue) {
  char* block = nullptr;
  try {
    block = try_take(bytes, queue);
    if (block == nullptr) {
      source_.settle();
      source_.trim();
      block = try_take(bytes, queue);
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    in_use_ -= bytes;
    throw;
  }
  const std::lock_guard lock(mutex_);
  if (block == nullptr) {
    in_use_ -= bytes;
  } else {
    blocks_[block] = bytes;
    peak_ = std::max(peak_, in_use_);
  }
  return block;
}

char* MemoryPool::try_take(int64_t bytes, Queue queue) {
  char* block = source_.take(bytes, queue);
  if (block == nullptr) return nullptr;
  const int64_t held = source_.held();
  std::unique_lock lock(mutex_);
  if (held - limit_ < kStep) return block;
  lock.unlock();
  source_.give(block, queue);  // cached blocks that did not fit and this one are too much together
  return nullptr;
}

void MemoryPool::refuse(int64_t asked) {
  const gatun_memory_stats now = stats();
  fail(GATUN_OUT_OF_MEMORY, "cannot allocate ", asked, " bytes on the device: ", now.bytes_in_use, " bytes are in use, ",
       now.bytes_cached, " cached, the limit is ", now.bytes_limit, ", ", source_.free_on_device(),
       " are free on the device. Lower the batch or the window, raise the limit, or end other programs on the device.");
}

void MemoryPool::give(char* block, Queue queue) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = blocks_.find(block);
    in_use_ -= found->second;
    blocks_.erase(found);
  }
  source_.give(block, queue);
}

int64_t MemoryPool::trim() {
  const int64_t before = source_.held();
  source_.settle();
  source_.trim();
  return std::max<int64_t>(0, before - source_.held());
}

void MemoryPool::set_limit(int64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    limit_ = bytes;
  }
  if (source_.held() > bytes) trim();
}

gatun_memory_stats MemoryPool::stats() {
  const int64_t held = source_.held();
  const std::lock_guard lock(mutex_);
  gatun_memory_stats stats{};
  stats.struct_size = sizeof stats;
  stats.bytes_in_use = in_use_;
  stats.bytes_peak = peak_;
  stats.bytes_cached = std::max<int64_t>(0, held - in_use_);
  stats.bytes_limit = limit_;
  return stats;
}

void MemoryPool::reset_peak() {
  const std::lock_guard lock(mutex_);
  peak_ = in_use_;
}

int64_t MemoryPool::size_of(char* block) {
  const std::lock_guard lock(mutex_);
  return blocks_.at(block);
}

}  // namespace gatun::cuda
