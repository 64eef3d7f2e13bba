// SPDX-License-Identifier: Apache-2.0
#include "simt.h"

#include "fiber.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace gatun::simt {

namespace {

enum class State { ready, at_barrier, meeting, done };
enum class Order { forward, backward, shuffled };

struct PendingCopy {
  void* to;
  const void* from;
  std::size_t bytes;
};

struct Lane {
  Fiber fiber;
  State state = State::done;
  Place place{};
  std::deque<std::vector<PendingCopy>> groups;  // the last one is still open
};

struct Warp {
  const char* what = nullptr;
  void* slots[kWarp] = {};
  int arrived = 0;
};

// The block that runs; kernels run one after the other.
struct Block {
  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<Warp> warps;
  const std::function<void()>* body = nullptr;
  Lane* running = nullptr;
  int threads = 0, waiting = 0, finished = 0;
  char error[512] = {};  // in place: the lane that reports an error is dropped with whatever it owns
};

Block block;
std::mutex one_at_a_time;

Order order_told() {
  const char* told = std::getenv("GATUN_SIMT_ORDER");
  const std::string name = told == nullptr ? "forward" : told;
  return name == "backward" ? Order::backward : name == "shuffled" ? Order::shuffled : Order::forward;
}

void give_way(State state) {
  Lane& lane = *block.running;
  lane.state = state;
  lane.fiber.switch_back(state == State::done);
}

// Stops the block: its lanes are dropped.
template <class... Values>
[[noreturn]] void broken(const char* format, Values... values) {
  std::snprintf(block.error, sizeof block.error, format, values...);
  give_way(State::done);
  std::abort();
}

void lane_main() {
  (*block.body)();
  Lane& lane = *block.running;
  if (lane.groups.size() > 1 || !lane.groups.back().empty()) broken("lane %d ended with asynchronous copies open", lane.place.thread);
  ++block.finished;
  give_way(State::done);
}

const char* name_of(State state) {
  switch (state) {
    case State::ready: return "ready";
    case State::at_barrier: return "at a block barrier";
    case State::meeting: return "in a warp collective";
    default: return "done";
  }
}

std::string stuck() {
  std::string text = "lanes wait in vain:";
  int listed = 0;
  for (int i = 0; i < block.threads && listed < 4; ++i) {
    if (i > 0 && block.lanes[static_cast<size_t>(i)]->state == block.lanes[static_cast<size_t>(i - 1)]->state) continue;
    text += " from lane " + std::to_string(i) + " " + name_of(block.lanes[static_cast<size_t>(i)]->state);
    const Warp& warp = block.warps[static_cast<size_t>(i / kWarp)];
    if (warp.what != nullptr) text += std::string(" (") + warp.what + ")";
    text += ";";
    ++listed;
  }
  return text;
}

void run_block(std::vector<int>& sequence, Order order, std::mt19937& random) {
  block.waiting = block.finished = 0;
  for (Warp& warp : block.warps) warp = {};
  for (int i = 0; i < block.threads; ++i) {
    Lane& lane = *block.lanes[static_cast<size_t>(i)];
    lane.fiber.prepare(lane_main);
    lane.state = State::ready;
    lane.groups.assign(1, {});
  }
  while (block.finished < block.threads) {
    if (order == Order::shuffled) std::shuffle(sequence.begin(), sequence.end(), random);
    bool moved = false;
    for (int i : sequence) {
      Lane& lane = *block.lanes[static_cast<size_t>(i)];
      if (lane.state != State::ready) continue;
      moved = true;
      block.running = &lane;
      lane.fiber.resume();
      if (block.error[0] != '\0') return;
    }
    if (!moved) {
      std::snprintf(block.error, sizeof block.error, "%s", stuck().c_str());
      return;
    }
  }
}

}  // namespace

const Place& here() { return block.running->place; }

void barrier() {
  if (++block.waiting < block.threads) {
    give_way(State::at_barrier);
    return;
  }
  block.waiting = 0;
  for (int i = 0; i < block.threads; ++i) block.lanes[static_cast<size_t>(i)]->state = State::ready;
}

void meet(const char* what, void* slot, void (*all)(void* const* slots)) {
  const int thread = block.running->place.thread;
  Warp& warp = block.warps[static_cast<size_t>(thread / kWarp)];
  if (warp.arrived > 0 && std::strcmp(warp.what, what) != 0) {
    broken("lane %d is at %s, others of its warp at %s", thread, what, warp.what);
  }
  warp.what = what;
  warp.slots[thread % kWarp] = slot;
  if (++warp.arrived < kWarp) {
    give_way(State::meeting);
    return;
  }
  all(warp.slots);
  warp.arrived = 0;
  warp.what = nullptr;
  for (int i = thread / kWarp * kWarp; i < thread / kWarp * kWarp + kWarp; ++i) {
    block.lanes[static_cast<size_t>(i)]->state = State::ready;
  }
}

void copy_later(void* to, const void* from, std::size_t bytes) {
  std::memset(to, 0xff, bytes);
  block.running->groups.back().push_back({to, from, bytes});
}

void close_group() { block.running->groups.emplace_back(); }

void complete_groups(int open) {
  auto& groups = block.running->groups;
  while (static_cast<int>(groups.size()) > open + 1) {
    for (const PendingCopy& copy : groups.front()) {
      if (copy.from == nullptr) {
        std::memset(copy.to, 0, copy.bytes);
      } else {
        std::memcpy(copy.to, copy.from, copy.bytes);
      }
    }
    groups.pop_front();
  }
}

void run(const char* kernel, const Machine& machine, const std::function<void()>& lane) {
  const std::lock_guard lock(one_at_a_time);
  if (machine.threads % kWarp != 0 || machine.threads < kWarp || machine.threads > 1024) {
    throw std::runtime_error(std::string(kernel) + ": " + std::to_string(machine.threads) + " threads a block");
  }
  const Order order = order_told();
  std::mt19937 random(20260101);
  // Sized exactly, so that AddressSanitizer sees a step beyond it.
  const auto shared_bytes = static_cast<size_t>(machine.shared_bytes);
  char* shared = static_cast<char*>(std::aligned_alloc(128, std::max<size_t>(128, (shared_bytes + 127) / 128 * 128)));
  const std::unique_ptr<char, void (*)(void*)> owner(shared, std::free);
  block.body = &lane;
  block.threads = machine.threads;
  block.error[0] = '\0';
  block.warps.assign(static_cast<size_t>(machine.threads / kWarp), {});
  while (block.lanes.size() < static_cast<size_t>(machine.threads)) block.lanes.push_back(std::make_unique<Lane>());
  std::vector<int> sequence(static_cast<size_t>(machine.threads));
  for (int i = 0; i < machine.threads; ++i) {
    sequence[static_cast<size_t>(i)] = order == Order::backward ? machine.threads - 1 - i : i;
  }
  const int64_t blocks = machine.grid[0] * machine.grid[1] * machine.grid[2];
  for (int64_t at = 0; at < blocks; ++at) {
    const int64_t index = order == Order::forward ? at : blocks - 1 - at;
    std::memset(shared, 0xff, shared_bytes);
    for (int i = 0; i < machine.threads; ++i) {
      Place& place = block.lanes[static_cast<size_t>(i)]->place;
      place = {i,
               {index % machine.grid[0], index / machine.grid[0] % machine.grid[1],
                index / machine.grid[0] / machine.grid[1]},
               {machine.grid[0], machine.grid[1], machine.grid[2]},
               machine.threads,
               shared};
    }
    run_block(sequence, order, random);
    if (block.error[0] != '\0') throw std::runtime_error(std::string(kernel) + ": " + block.error);
  }
}

}  // namespace gatun::simt
