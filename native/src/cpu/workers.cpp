// SPDX-License-Identifier: Apache-2.0
#include "workers.h"

#include "../status.h"
#include "queue.h"

#include <algorithm>
#include <system_error>

namespace gatun::cpu {

namespace {
// Which worker the current thread is: only for_tiles, called on that very thread, reads it.
thread_local int current_worker = 0;
}  // namespace

Workers::Workers(int count) {
  threads_.reserve(static_cast<size_t>(count));
  try {
    for (int worker = 0; worker < count; ++worker) threads_.emplace_back([this, worker] { work(worker); });
  } catch (const std::system_error& refused) {
    const size_t started = threads_.size();
    stop();
    fail(GATUN_DEVICE_UNAVAILABLE, "the system started ", started, " of ", count, " worker threads (", refused.what(),
         "). Ask for fewer, in num_threads or GATUN_NUM_THREADS.");
  }
}

Workers::~Workers() { stop(); }

void Workers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::schedule(Queue* queue) {
  {
    const std::lock_guard lock(mutex_);
    ready_.push_back(queue);
    ++news_;
  }
  wake_.notify_one();
}

Workers::Region* Workers::open_region() {
  for (Region* region : regions_) {
    if (region->next.load(std::memory_order_relaxed) < region->tiles) return region;
  }
  return nullptr;
}

void Workers::take_tiles(Region& region, int worker) {
  for (;;) {
    const int64_t tile = region.next.fetch_add(1, std::memory_order_relaxed);
    if (tile >= region.tiles) return;
    try {
      region.function(region.context, tile, worker);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (region.failure == nullptr) region.failure = std::current_exception();
      region.next = region.tiles;
    }
  }
}

void Workers::work(int worker) {
  current_worker = worker;
  std::unique_lock lock(mutex_);
  uint64_t seen = 0;  // of news, when this worker last looked around in vain
  for (;;) {
    if (Region* region = open_region()) {
      ++region->helpers;
      lock.unlock();
      take_tiles(*region, worker);
      lock.lock();
      if (--region->helpers == 0) region->helpers_left.notify_one();
    } else if (!ready_.empty()) {
      Queue* queue = ready_.front();
      ready_.pop_front();
      lock.unlock();
      const bool more = queue->run_next();
      lock.lock();
      if (more) ready_.push_back(queue);  // behind the others: streams take turns
    } else if (stopping_) {
      return;
    } else if (seen != news_) {
      seen = news_;
      look_out(lock, [&] { return seen != news_; });
    } else {
      wake_.wait(lock);
    }
  }
}

void Workers::run(int64_t tiles, TileFunction function, void* context) {
  const int worker = current_worker;
  if (tiles <= 1 || count() == 1) {
    for (int64_t tile = 0; tile < tiles; ++tile) function(context, tile, worker);
    return;
  }
  Region region{function, context, tiles, {}, 0, {}, nullptr};
  {
    const std::lock_guard lock(mutex_);
    regions_.push_back(&region);
    ++news_;
  }
  const int64_t wanted = std::min<int64_t>(count() - 1, tiles - 1);
  for (int64_t i = 0; i < wanted; ++i) wake_.notify_one();
  take_tiles(region, worker);
  std::unique_lock lock(mutex_);
  regions_.erase(std::find(regions_.begin(), regions_.end(), &region));
  if (region.helpers > 0) look_out(lock, [&] { return region.helpers == 0; });
  region.helpers_left.wait(lock, [&] { return region.helpers == 0; });
  if (region.failure != nullptr) std::rethrow_exception(region.failure);
}

}  // namespace gatun::cpu
