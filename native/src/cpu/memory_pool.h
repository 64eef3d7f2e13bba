// SPDX-License-Identifier: Apache-2.0
// Caching, stream-ordered allocator. A block given back on a stream is at once free for that stream, whose later work
// runs after the work that still uses it; for other streams only once that point has been passed.
#pragma once

#include "queue.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace gatun::cpu {

struct Block {
  char* data = nullptr;
  int64_t bytes = 0;  // of its size class
};

class MemoryPool {
 public:
  explicit MemoryPool(int64_t limit) : limit_(limit) {}
  ~MemoryPool();

  // Throws OUT_OF_MEMORY where the limit or the system does not allow it, after trimming and, if that was not enough,
  // after waiting for the queued work that uses memory given back. Never called by a worker.
  Block take(int64_t bytes, const std::shared_ptr<Progress>& stream);
  // Back in the order of a stream whose last operation so far has the given ticket.
  void give(Block block, const std::shared_ptr<Progress>& stream, uint64_t ticket);

  // Frees cached blocks that nothing queued uses; returns the bytes.
  int64_t trim();
  void set_limit(int64_t bytes);
  gatun_memory_stats stats() const;
  void reset_peak();

 private:
  struct Cached {
    Block block;
    std::shared_ptr<Progress> stream;
    uint64_t ticket;
  };

  // With the mutex held.
  int64_t trim_locked();
  char* take_cached(int64_t bytes, const std::shared_ptr<Progress>& stream);
  char* allocate(int64_t bytes);  // null where the limit or the system does not allow it

  mutable std::mutex mutex_;
  std::map<int64_t, std::vector<Cached>> cache_;  // by size class
  int64_t limit_;
  int64_t in_use_ = 0, peak_ = 0, cached_ = 0, live_ = 0, total_ = 0;
};

}  // namespace gatun::cpu
