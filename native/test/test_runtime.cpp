// SPDX-License-Identifier: Apache-2.0
// The CPU backend's workers, queues and memory pool from inside: what the C ABI cannot provoke at will.
#include "check.h"

#include "cpu/memory_pool.h"
#include "cpu/queue.h"
#include "cpu/workers.h"
#include "status.h"

#include <future>
#include <stdexcept>

namespace {

using namespace gatun;
using namespace gatun::cpu;

gatun_status status_of(const std::function<void()>& body, std::string* text = nullptr) {
  gatun_error error{};
  const gatun_status status = guard(&error, body);
  if (text != nullptr) *text = error.text;
  return status;
}

TEST(failureOfQueuedWorkSurfacesAtEverySync) {
  Workers workers(2);
  Queue queue(workers), other(workers);
  bool later = false;
  queue.submit([] { throw std::runtime_error("the cause"); });
  queue.submit([&] { later = true; });
  for (int round = 0; round < 2; ++round) {
    std::string text;
    CHECK(status_of([&] { queue.sync(); }, &text) == GATUN_LAUNCH_FAILED);
    CHECK(text.find("the cause") != std::string::npos, text);
  }
  CHECK(!later, "work after a failure ran");
  CHECK(status_of([&] { other.sync(); }) == GATUN_OK);
}

// On whichever worker the tile ran.
TEST(failureOfATileFailsItsOperation) {
  for (int threads : {1, 4}) {
    Workers workers(threads);
    for (int64_t bad : {0, 7, 99}) {
      Queue queue(workers);
      queue.submit([&] {
        workers.for_tiles(100, [&](int64_t tile, int) {
          std::this_thread::sleep_for(std::chrono::microseconds(50));
          if (tile == bad) throw std::runtime_error("tile");
        });
      });
      CHECK(status_of([&] { queue.sync(); }) == GATUN_LAUNCH_FAILED, "threads", threads, "tile", bad);
    }
    Queue after(workers);
    std::atomic<int> ran{0};
    after.submit([&] { workers.for_tiles(10, [&](int64_t, int) { ++ran; }); });
    CHECK(status_of([&] { after.sync(); }) == GATUN_OK);
    CHECK(ran == 10, ran.load());
  }
}

TEST(everyTileRunsOnceAndNoTwoOnOneWorker) {
  Workers workers(4);
  Queue queue(workers);
  std::vector<std::atomic<int>> runs(10'000);
  std::atomic<bool> busy[4] = {};
  std::atomic<int> clashes{0};
  queue.submit([&] {
    workers.for_tiles(10'000, [&](int64_t tile, int worker) {
      if (busy[worker].exchange(true)) ++clashes;
      ++runs[static_cast<size_t>(tile)];
      busy[worker] = false;
    });
  });
  queue.sync();
  for (const auto& count : runs) CHECK(count == 1, count.load());
  CHECK(clashes == 0, clashes.load());
}

TEST(memoryOfAStreamIsReusedByItselfAtOnceAndByOthersAfterwards) {
  MemoryPool pool(1 << 20);
  const auto mine = std::make_shared<Progress>(), other = std::make_shared<Progress>();
  const Block first = pool.take(1000, mine);
  pool.give(first, mine, 1);  // the stream's first operation still uses it
  const Block elsewhere = pool.take(1000, other);
  CHECK(elsewhere.data != first.data);
  const Block again = pool.take(1000, mine);
  CHECK(again.data == first.data);
  pool.give(again, mine, 1);
  CHECK(pool.trim() == 0, "freed memory that queued work uses");
  mine->complete_one();
  const Block passed = pool.take(1000, other);
  CHECK(passed.data == first.data);
  pool.give(passed, other, 0);
  pool.give(elsewhere, other, 0);
  CHECK(pool.trim() == 2 * first.bytes);
}

TEST(poolWaitsForQueuedWorkBeforeItGivesUp) {
  MemoryPool pool(1 << 20);
  const auto mine = std::make_shared<Progress>(), other = std::make_shared<Progress>();
  pool.give(pool.take(700'000, mine), mine, 1);
  std::future<Block> waiting = std::async(std::launch::async, [&] { return pool.take(900'000, other); });
  CHECK(waiting.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout, "gave up or took too much");
  mine->complete_one();
  pool.give(waiting.get(), other, 0);
  CHECK(status_of([&] { pool.take(2 << 20, other); }) == GATUN_OUT_OF_MEMORY);
}

// Eight size classes between powers of two.
TEST(sizesThatDifferALittleShareBlocks) {
  MemoryPool pool(int64_t{1} << 30);
  const auto stream = std::make_shared<Progress>();
  for (int64_t bytes = 1; bytes < 300'000; bytes += 97) {
    const Block block = pool.take(bytes, stream);
    CHECK(block.bytes >= bytes && (block.bytes <= 256 || block.bytes <= bytes + bytes / 8 + 1), bytes, block.bytes);
    pool.give(block, stream, 0);
  }
  CHECK(pool.stats().bytes_in_use == 0);
}

}  // namespace
