// SPDX-License-Identifier: Apache-2.0
// The CPU device's threads. A fixed number of workers serves all streams: an idle worker first helps with an operation
// that has tiles left, else it takes the next operation of a stream that has one. So the machine is never
// oversubscribed, however many streams run. Before an idle worker sleeps it looks around for 50 us, yielding its core
// to whoever wants it: to wake a sleeper takes as long as many an operation. Tiles come from one shared counter; their
// shapes never depend on the number of workers, so results do not either.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace gatun::cpu {

class Queue;

class Workers {
 public:
  explicit Workers(int count);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return static_cast<int>(threads_.size()); }

  // Says that a queue has work. A queue is in the list at most once.
  void schedule(Queue* queue);

  // Runs body(tile, worker) for each tile in [0, tiles); worker is in [0, count()) and no two running tiles share one.
  // Only called from an operation, that is from a worker. A tile that throws ends the loop, which throws it on.
  template <class Body>
  void for_tiles(int64_t tiles, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run(tiles, [](void* context, int64_t tile, int worker) { (*static_cast<Plain*>(context))(tile, worker); },
        const_cast<std::remove_const_t<Plain>*>(&body));
  }

 private:
  using TileFunction = void (*)(void* context, int64_t tile, int worker);

  struct Region {
    TileFunction function;
    void* context;
    int64_t tiles;
    std::atomic<int64_t> next{0};
    std::atomic<int> helpers{0};  // changed under the lock
    std::condition_variable helpers_left;
    std::exception_ptr failure;  // the first of a tile
  };

  void run(int64_t tiles, TileFunction function, void* context);
  void work(int worker);
  void take_tiles(Region& region, int worker);
  void stop();
  Region* open_region();

  // Gives the lock back and looks for up to 50 us whether something has come true.
  template <class Condition>
  static void look_out(std::unique_lock<std::mutex>& lock, const Condition& came_true) {
    lock.unlock();
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
    while (!came_true() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    lock.lock();
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queue*> ready_;
  std::vector<Region*> regions_;
  std::atomic<uint64_t> news_{0};  // how often one of the two has grown
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gatun::cpu
