// SPDX-License-Identifier: Apache-2.0
// The harness itself: that it computes what the instructions are documented to, and that it finds the faults it is for.
#include "../check.h"
#include "../../src/cuda/launch.h"
#include "../../src/cuda/mma_tile.h"

#include <cstdlib>
#include <stdexcept>

namespace gatun::cuda {

void queue(gatun_stream*, std::function<void()> work) { work(); }

namespace {

constexpr int kRows = 32, kColumns = 16, kDepth = 48;

uint64_t state = 1;
float next() {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return static_cast<float>(static_cast<int32_t>(state >> 32)) * 0x1p-31f;
}

template <class Precision>
GATUN_KERNEL(32)
product(const float* a, const float* b, float* out) {
  using Element = typename Precision::Element;
  constexpr int kPitch = pitch_of<Element>(kDepth);
  auto* left = reinterpret_cast<Element*>(shared_memory());
  Element* right = left + kRows * kPitch;
  for (int i = lane_index(); i < (kRows + kColumns) * kDepth; i += kWarp) {
    const int row = i / kDepth, k = i % kDepth;
    left[row * kPitch + k] = from_float<Element>(row < kRows ? a[i] : b[i - kRows * kDepth]);
  }
  sync_warp();
  WarpTile<Precision, kRows, kColumns> tile;
  tile.clear();
  tile.multiply(left, kPitch, right, kPitch, kDepth);
  for (int i = 0; i < tile.kRows; ++i) {
    for (int j = 0; j < tile.kColumns; ++j) {
      for (int r = 0; r < 4; ++r) out[tile.row_of(i, r) * kColumns + tile.column_of(j, r)] = tile.at[i][j][r];
    }
  }
}

template <class Precision>
double worst_error() {
  std::vector<float> a(kRows * kDepth), b(kColumns * kDepth), out(kRows * kColumns);
  for (float& value : a) value = next();
  for (float& value : b) value = next();
  launch(nullptr, "product", product<Precision>, {1}, 32, (kRows + kColumns) * pitch_of<float>(kDepth) * 4, a.data(),
         b.data(), out.data());
  double worst = 0;
  for (int row = 0; row < kRows; ++row) {
    for (int column = 0; column < kColumns; ++column) {
      double sum = 0;
      for (int k = 0; k < kDepth; ++k) {
        sum += static_cast<double>(a[static_cast<size_t>(row * kDepth + k)]) *
               static_cast<double>(b[static_cast<size_t>(column * kDepth + k)]);
      }
      worst = std::max(worst, std::fabs(out[static_cast<size_t>(row * kColumns + column)] - sum));
    }
  }
  return worst;
}

TEST(productsHaveTheirPrecision) {
  const double strict = worst_error<Strict>(), fast = worst_error<Fast>(), reduced = worst_error<Reduced>();
  CHECK(strict < 4e-6, strict);
  CHECK(fast > 1e-5 && fast < 1e-2, fast);
  CHECK(reduced > 1e-3 && reduced < 1e-1, reduced);
}

TEST(pitchSpreadsRowsOverTheBanks) {
  for (int depth = 8; depth <= 512; depth += 8) {
    CHECK(pitch_of<float>(depth) >= depth && pitch_of<float>(depth) * 4 % 128 == 16, depth);
    CHECK(pitch_of<Bf16>(depth) >= depth && pitch_of<Bf16>(depth) * 2 % 128 == 16, depth);
  }
}

// Each thread reads what its neighbour in the next warp has written.
template <bool Barrier>
GATUN_KERNEL(64)
neighbour(float* out) {
  auto* cells = reinterpret_cast<float*>(shared_memory());
  cells[thread_index()] = static_cast<float>(thread_index());
  if (Barrier) sync_block();
  out[thread_index()] = cells[(thread_index() + 32) % 64];
}

TEST(aMissingBarrierShows) {
  std::vector<float> out(64);
  launch(nullptr, "neighbour", neighbour<true>, {1}, 64, 256, out.data());
  for (int i = 0; i < 64; ++i) CHECK(out[static_cast<size_t>(i)] == static_cast<float>((i + 32) % 64), i);
  launch(nullptr, "neighbour", neighbour<false>, {1}, 64, 256, out.data());
  int wrong = 0;
  for (float value : out) wrong += std::isnan(value);
  CHECK(wrong > 0);
}

template <bool Wait>
GATUN_KERNEL(32)
copied(const float* from, float* out) {
  auto* cells = reinterpret_cast<float*>(shared_memory());
  copy_async16(cells + thread_index() * 4, from + thread_index() * 4, thread_index() != 1);
  commit_copies();
  if (Wait) wait_copies<0>();
  out[thread_index()] = cells[thread_index() * 4 + 3];
  wait_copies<0>();
}

TEST(aMissingWaitShows) {
  std::vector<float> from(128, 3.0f), out(32);
  launch(nullptr, "copied", copied<true>, {1}, 32, 512, from.data(), out.data());
  for (size_t i = 0; i < out.size(); ++i) CHECK(out[i] == (i == 1 ? 0.0f : 3.0f), i, out[i]);
  launch(nullptr, "copied", copied<false>, {1}, 32, 512, from.data(), out.data());
  for (float value : out) CHECK(std::isnan(value));
}

GATUN_KERNEL(64) half_at_barrier() {
  if (thread_index() < 32) sync_block();
}
GATUN_KERNEL(32) lanes_apart() {
  if (lane_index() < 16) {
    warp_sum(1.0f);
  } else {
    sync_warp();
  }
}
GATUN_KERNEL(32) open_copy(const float* from) { copy_async4(shared_memory(), from, true); }

template <class Launch>
std::string refusal(const Launch& run) {
  try {
    run();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

TEST(lanesThatWaitInVainAreReported) {
  const std::string barrier = refusal([] { launch(nullptr, "half", half_at_barrier, {1}, 64, 0); });
  CHECK(barrier.find("at a block barrier") != std::string::npos, barrier);
  const std::string apart = refusal([] { launch(nullptr, "apart", lanes_apart, {1}, 32, 0); });
  CHECK(apart.find("others of its warp at") != std::string::npos, apart);
  const float value = 1;
  const std::string open = refusal([&] { launch(nullptr, "open", open_copy, {1}, 32, 4, &value); });
  CHECK(open.find("asynchronous copies open") != std::string::npos, open);
}

TEST(launchesBeyondTheGridAreRefused) {
  bool refused = false;
  try {
    launch(nullptr, "wide", half_at_barrier, {1, 70000}, 64, 0);
  } catch (const Failure& failure) {
    refused = failure.status == GATUN_SHAPE_MISMATCH;
  }
  CHECK(refused);
}

}  // namespace

const Limits& limits(gatun_stream*) {
  static const Limits none;
  return none;
}
char* take_memory(gatun_stream*, int64_t) { return nullptr; }
void give_memory(gatun_stream*, char*) {}

}  // namespace gatun::cuda
