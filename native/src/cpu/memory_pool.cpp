// SPDX-License-Identifier: Apache-2.0
#include "memory_pool.h"

#include "../status.h"

#include <algorithm>
#include <cstdlib>
#include <sys/mman.h>

namespace gatun::cpu {

namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kHugePage = 2 << 20;

// Eight classes between powers of two: at most an eighth is wasted, and sizes that differ a little share blocks.
int64_t size_class(int64_t bytes) {
  if (bytes <= 256) return 256;
  const int64_t step = int64_t{1} << (63 - __builtin_clzll(static_cast<uint64_t>(bytes - 1)) - 3);
  return (bytes + step - 1) / step * step;
}

char* system_allocate(int64_t bytes) {
  const bool huge = bytes >= kHugePage;
  void* data = nullptr;
  if (posix_memalign(&data, static_cast<size_t>(huge ? kHugePage : kAlignment), static_cast<size_t>(bytes)) != 0) {
    return nullptr;
  }
  if (huge) madvise(data, static_cast<size_t>(bytes), MADV_HUGEPAGE);
  return static_cast<char*>(data);
}

}  // namespace

MemoryPool::~MemoryPool() {
  for (auto& [bytes, blocks] : cache_) {
    for (Cached& cached : blocks) std::free(cached.block.data);
  }
}

Block MemoryPool::take(int64_t bytes, const std::shared_ptr<Progress>& stream) {
  std::unique_lock lock(mutex_);
  if (bytes < 0 || bytes > INT64_MAX / 2) fail(GATUN_OUT_OF_MEMORY, "cannot allocate ", bytes, " bytes");
  Block block{nullptr, size_class(bytes)};
  block.data = take_cached(block.bytes, stream);
  if (block.data == nullptr) block.data = allocate(block.bytes);
  if (block.data == nullptr && trim_locked() > 0) block.data = allocate(block.bytes);
  // The last resort: what was given back while queued work still used it. Only work that is queued already is awaited,
  // so this ends.
  while (block.data == nullptr && !cache_.empty()) {
    const Cached used = cache_.begin()->second.front();
    lock.unlock();
    used.stream->wait_for(used.ticket);
    lock.lock();
    trim_locked();
    block.data = allocate(block.bytes);
  }
  if (block.data == nullptr) {
    fail(GATUN_OUT_OF_MEMORY, "cannot allocate ", bytes, " bytes on the CPU: ", in_use_, " bytes are in use in ", live_,
         " buffers, the limit is ", limit_, block.bytes <= limit_ - in_use_ ? " and the system gives no more" : "",
         ". Lower the batch or the window, or raise the limit.");
  }
  in_use_ += block.bytes;
  peak_ = std::max(peak_, in_use_);
  ++live_;
  ++total_;
  return block;
}

char* MemoryPool::take_cached(int64_t bytes, const std::shared_ptr<Progress>& stream) {
  const auto found = cache_.find(bytes);
  if (found == cache_.end()) return nullptr;
  auto& blocks = found->second;
  // Newest first: it is the likeliest to be in the processor's cache.
  const auto usable = std::find_if(blocks.rbegin(), blocks.rend(), [&](const Cached& cached) {
    return cached.stream == stream || cached.stream->completed() >= cached.ticket;
  });
  if (usable == blocks.rend()) return nullptr;
  char* data = usable->block.data;
  blocks.erase(std::next(usable).base());
  if (blocks.empty()) cache_.erase(found);
  cached_ -= bytes;
  return data;
}

char* MemoryPool::allocate(int64_t bytes) {
  return bytes <= limit_ - in_use_ - cached_ ? system_allocate(bytes) : nullptr;
}

void MemoryPool::give(Block block, const std::shared_ptr<Progress>& stream, uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  in_use_ -= block.bytes;
  cached_ += block.bytes;
  --live_;
  cache_[block.bytes].push_back({block, stream, ticket});
}

int64_t MemoryPool::trim() {
  const std::lock_guard lock(mutex_);
  return trim_locked();
}

int64_t MemoryPool::trim_locked() {
  int64_t freed = 0;
  for (auto entry = cache_.begin(); entry != cache_.end();) {
    auto& blocks = entry->second;
    std::erase_if(blocks, [&](const Cached& cached) {
      if (cached.stream->completed() < cached.ticket) return false;
      std::free(cached.block.data);
      freed += cached.block.bytes;
      return true;
    });
    entry = blocks.empty() ? cache_.erase(entry) : std::next(entry);
  }
  cached_ -= freed;
  return freed;
}

void MemoryPool::set_limit(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
  if (in_use_ + cached_ > limit_) trim_locked();
}

gatun_memory_stats MemoryPool::stats() const {
  const std::lock_guard lock(mutex_);
  return {sizeof(gatun_memory_stats), in_use_, peak_, cached_, limit_, live_, total_};
}

void MemoryPool::reset_peak() {
  const std::lock_guard lock(mutex_);
  peak_ = in_use_;
}

}  // namespace gatun::cpu
