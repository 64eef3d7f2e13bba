// SPDX-License-Identifier: Apache-2.0
// The accounting of device memory over a source that caches as CUDA's pool does: given blocks come free when the queued
// work is waited for, and memory is held in steps.
#include "../check.h"
#include "cuda/runtime/memory_pool.h"
#include "status.h"

#include <map>
#include <thread>

using namespace gatun;
using gatun::cuda::MemoryPool;
using gatun::cuda::MemorySource;
using gatun::cuda::Queue;

namespace {

constexpr int64_t kMega = 1 << 20;

class FakeSource final : public MemorySource {
 public:
  explicit FakeSource(int64_t device) : device_(device) {}

  char* take(int64_t bytes, Queue) override {
    const std::lock_guard lock(mutex_);
    ++takes;
    if (broken) fail(GATUN_DEVICE_LOST, "lost");
    if (bytes > cached_) {
      const int64_t grown = bytes - cached_;
      if (held_ + grown > device_) return nullptr;
      held_ += grown;
      cached_ += grown;
    }
    cached_ -= bytes;
    char* block = reinterpret_cast<char*>(next_ += device_);
    sizes_[block] = bytes;
    return block;
  }
  void give(char* block, Queue) override {
    const std::lock_guard lock(mutex_);
    queued_ += sizes_.at(block);
    sizes_.erase(block);
  }
  int64_t held() override {
    const std::lock_guard lock(mutex_);
    return held_;
  }
  void trim() override {
    const std::lock_guard lock(mutex_);
    ++trims;
    held_ -= cached_;
    cached_ = 0;
  }
  void settle() override {
    const std::lock_guard lock(mutex_);
    ++settles;
    cached_ += queued_;
    queued_ = 0;
  }
  int64_t free_on_device() override {
    const std::lock_guard lock(mutex_);
    return device_ - held_;
  }

  int takes = 0, trims = 0, settles = 0;
  bool broken = false;

 private:
  std::mutex mutex_;
  int64_t device_, held_ = 0, cached_ = 0, queued_ = 0, next_ = 0;
  std::map<char*, int64_t> sizes_;
};

std::string refused(MemoryPool& pool, int64_t bytes) {
  try {
    pool.take(bytes, nullptr);
  } catch (const Failure& failure) {
    CHECK(failure.status == GATUN_OUT_OF_MEMORY, failure.status);
    return failure.text;
  }
  CHECK(false, "nothing was refused");
  return "";
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(figuresFollowBlocks) {
  FakeSource source(1000 * kMega);
  MemoryPool pool(source, 500 * kMega);
  char* big = pool.take(10 * kMega, nullptr);
  char* small = pool.take(1, nullptr);
  CHECK(pool.size_of(small) == 512 && pool.size_of(big) == 10 * kMega);
  CHECK(pool.stats().bytes_in_use == 10 * kMega + 512 && pool.stats().bytes_cached == 0);
  pool.give(big, nullptr);
  CHECK(pool.stats().bytes_in_use == 512 && pool.stats().bytes_cached == 10 * kMega);
  CHECK(pool.stats().bytes_peak == 10 * kMega + 512 && pool.stats().bytes_limit == 500 * kMega);
  CHECK(pool.trim() == 10 * kMega);
  CHECK(pool.stats().bytes_cached == 0);
  pool.give(small, nullptr);
}

TEST(emptyBlocksHaveAnAddress) {
  FakeSource source(kMega);
  MemoryPool pool(source, kMega);
  char *a = pool.take(0, nullptr), *b = pool.take(0, nullptr);
  CHECK(a != nullptr && b != nullptr && a != b);
  pool.give(a, nullptr);
  pool.give(b, nullptr);
}

TEST(limitRefusesWithTheFigures) {
  FakeSource source(1000 * kMega);
  MemoryPool pool(source, 100 * kMega);
  char* block = pool.take(70 * kMega, nullptr);
  const int takes = source.takes;
  const std::string text = refused(pool, 40 * kMega);
  CHECK(source.takes == takes, "the device was not asked");
  for (int64_t figure : {40 * kMega, 70 * kMega, 100 * kMega, 930 * kMega}) {
    CHECK(says(text, std::to_string(figure)), text, "| without", figure);
  }
  CHECK(pool.stats().bytes_in_use == 70 * kMega && pool.stats().bytes_peak == 70 * kMega);
  pool.give(block, nullptr);
  pool.give(pool.take(100 * kMega, nullptr), nullptr);
  CHECK(says(refused(pool, INT64_MAX), std::to_string(INT64_MAX)));
}

// The device is full of what was given back while queued work still used it.
TEST(fullDeviceWaitsTrimsAndTriesOnceMore) {
  FakeSource source(100 * kMega);
  MemoryPool pool(source, 1000 * kMega);
  pool.give(pool.take(80 * kMega, nullptr), nullptr);
  CHECK(source.settles == 0);
  char* block = pool.take(90 * kMega, nullptr);
  CHECK(source.settles == 1 && source.trims == 1);
  const std::string text = refused(pool, 20 * kMega);
  CHECK(says(text, std::to_string(10 * kMega) + " are free on the device"), text);
  CHECK(pool.stats().bytes_in_use == 90 * kMega);
  pool.give(block, nullptr);
}

// What the source holds beyond the limit is given up for the sake of it, up to one step of the driver.
TEST(cachedMemoryIsNotHeldBeyondTheLimit) {
  FakeSource source(1000 * kMega);
  MemoryPool pool(source, 100 * kMega);
  pool.give(pool.take(90 * kMega, nullptr), nullptr);  // cannot be reused before it is waited for
  char* block = pool.take(80 * kMega, nullptr);
  CHECK(source.held() < 100 * kMega + MemoryPool::kStep, source.held());
  CHECK(source.settles == 1);
  pool.give(block, nullptr);
  pool.set_limit(10 * kMega);
  CHECK(source.held() == 0);
}

TEST(failureOfTheDeviceLeavesTheFiguresRight) {
  FakeSource source(1000 * kMega);
  MemoryPool pool(source, 100 * kMega);
  source.broken = true;
  try {
    pool.take(60 * kMega, nullptr);
    CHECK(false, "taken from a lost device");
  } catch (const Failure& failure) {
    CHECK(failure.status == GATUN_DEVICE_LOST);
  }
  source.broken = false;
  CHECK(pool.stats().bytes_in_use == 0);
  pool.give(pool.take(100 * kMega, nullptr), nullptr);
}

TEST(threadsTogetherStayWithinTheLimit) {
  FakeSource source(1000 * kMega);
  MemoryPool pool(source, 40 * kMega);
  std::vector<std::thread> threads;
  for (int each = 0; each < 4; ++each) {
    threads.emplace_back([&pool] {
      for (int round = 0; round < 2000; ++round) {
        try {
          pool.give(pool.take(11 * kMega, nullptr), nullptr);
        } catch (const Failure&) {  // four do not fit
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(pool.stats().bytes_in_use == 0);
  CHECK(pool.stats().bytes_peak <= 40 * kMega, pool.stats().bytes_peak);
}

}  // namespace
