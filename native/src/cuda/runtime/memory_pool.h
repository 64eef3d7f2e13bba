// SPDX-License-Identifier: Apache-2.0
// How much of a device's memory is used, and what happens where there is too little. The memory itself comes from a
// MemorySource: CUDA's pool, or a fake one in the tests.
#pragma once

#include "gatun/gatun.h"

#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace gatun::cuda {

// A stream's queue, opaque here.
using Queue = void*;

class MemorySource {
 public:
  virtual ~MemorySource() = default;
  // In the order of the queue; nullptr where there is no memory.
  virtual char* take(int64_t bytes, Queue queue) = 0;
  virtual void give(char* block, Queue queue) = 0;
  // Bytes that the source holds of the device, used or cached.
  virtual int64_t held() = 0;
  // Returns to the device what nothing uses.
  virtual void trim() = 0;
  // Waits for the queued work, behind which given blocks come free.
  virtual void settle() = 0;
  virtual int64_t free_on_device() = 0;
};

class MemoryPool {
 public:
  // The source takes memory from the device in steps of up to so many bytes; what it holds may exceed the limit by
  // less than one.
  static constexpr int64_t kStep = int64_t{32} << 20;

  MemoryPool(MemorySource& source, int64_t limit) : source_(source), limit_(limit) {}

  // Throws OUT_OF_MEMORY with the figures, after trimming, waiting for the queued work and trying once more.
  char* take(int64_t bytes, Queue queue);
  void give(char* block, Queue queue);

  // Returns cached memory; the bytes.
  int64_t trim();
  void set_limit(int64_t bytes);
  // Buffers are not counted here: one graph's block serves many.
  gatun_memory_stats stats();
  void reset_peak();
  int64_t size_of(char* block);

 private:
  bool reserve(int64_t bytes);
  char* take_reserved(int64_t bytes, Queue queue);
  char* try_take(int64_t bytes, Queue queue);
  [[noreturn]] void refuse(int64_t asked);

  MemorySource& source_;
  std::mutex mutex_;  // of what follows; never held during a call of the source
  int64_t limit_;
  int64_t in_use_ = 0, peak_ = 0;
  std::unordered_map<char*, int64_t> blocks_;
};

}  // namespace gatun::cuda
