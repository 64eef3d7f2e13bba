// SPDX-License-Identifier: Apache-2.0
// Sum, mean, largest or smallest over the middle axis of [P, R, C]: 4 bytes and 1 FLOP an element: bound by memory.
// Chunks of kChunk rows at a time, until one result is left: long sums lose less, and one long axis keeps the device
// busy. A thread has a column where there are enough of them, else a warp does.
#include "image_walk.h"
#include "operations.h"

#include <memory>
#include <vector>

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256, kWarps = kThreads / kWarp;
constexpr int64_t kChunk = 256;

struct Problem {
  int64_t results, count, inner, chunks;  // results: P chunks C
  int32_t reduction;
  float length;  // what the sum is divided by
  const float* x;
  float* out;

  GATUN_DEVICE float combined(float a, float b) const {
    switch (reduction) {
      case GATUN_REDUCE_MAX: return b > a || b != b ? b : a;
      case GATUN_REDUCE_MIN: return b < a || b != b ? b : a;
      default: return a + b;
    }
  }
  GATUN_DEVICE float nothing() const {
    return reduction == GATUN_REDUCE_MAX ? -INFINITY : reduction == GATUN_REDUCE_MIN ? INFINITY : 0.0f;
  }

  // Of the rows first, first + step, ... of a result's chunk.
  GATUN_DEVICE float part(int64_t result, int first, int step) const {
    const int64_t column = result % inner, chunk = result / inner % chunks, begin = chunk * kChunk;
    const int64_t rows = count - begin < kChunk ? count - begin : kChunk;
    const float* from = x + (result / inner / chunks * count + begin) * inner + column;
    float value = nothing();
    for (int64_t row = first; row < rows; row += step) value = combined(value, from[row * inner]);
    return value;
  }
};

GATUN_KERNEL(kThreads) reduce_columns(Problem p) {
  const int64_t result = block_index<0>() * kThreads + thread_index();
  if (result < p.results) p.out[result] = p.part(result, 0, 1) / p.length;
}

GATUN_KERNEL(kThreads) reduce_runs(Problem p) {
  const int64_t result = block_index<0>() * kWarps + warp_index();
  if (result >= p.results) return;  // the whole warp
  float value = p.part(result, lane_index(), kWarp);
  for (int mask = kWarp / 2; mask > 0; mask /= 2) value = p.combined(value, shuffle_xor(value, mask));
  if (lane_index() == 0) p.out[result] = value / p.length;
}

}  // namespace

gatun_status reduce(gatun_stream* stream, const ReduceArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const bool columns = args.inner >= kWarp;
    std::vector<std::unique_ptr<Scratch>> stages;
    Problem p{0, args.count, args.inner, 0, args.reduction, 1, args.x, nullptr};
    do {
      p.chunks = blocks_for(p.count, kChunk);
      p.results = args.outer * p.chunks * args.inner;
      if (p.chunks > 1) stages.push_back(std::make_unique<Scratch>(stream, p.results * 4));
      p.out = p.chunks > 1 ? stages.back()->as<float>() : args.out;
      if (p.chunks == 1 && args.reduction == GATUN_REDUCE_MEAN) p.length = static_cast<float>(args.count);
      launch(stream, "reduce", columns ? reduce_columns : reduce_runs,
             {blocks_for(p.results, columns ? kThreads : kWarps)}, kThreads, 0, p);
      p.x = p.out;
      p.count = p.chunks;
    } while (p.chunks > 1);
  });
}

}  // namespace gatun::cuda
