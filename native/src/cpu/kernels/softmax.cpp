// SPDX-License-Identifier: Apache-2.0
// Softmax of rows. Some 25 FLOP and 8 bytes an element; a row is read three times, from the cache after the first:
// bound by memory in long rows. Of rows narrower than a vector, several go through it side by side.
#include "simd.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileElements = 1 << 14;

int64_t no_floats(const SoftmaxArgs&) { return 0; }

int64_t rows_of_tile(const SoftmaxArgs& args) { return args.width < kTileElements ? kTileElements / args.width : 1; }

int64_t tiles(const SoftmaxArgs& args, int) { return (args.rows + rows_of_tile(args) - 1) / rows_of_tile(args); }

// A vector of the row; behind its end there is nothing.
Vec part_of(const float* x, int64_t left) {
  if (left >= kWidth) return load(x);
  float part[kWidth];
  for (int64_t i = 0; i < kWidth; ++i) part[i] = i < left ? x[i] : -INFINITY;
  return load(part);
}

void softmax_row(const float* x, int64_t width, float* out) {
  Vec top = splat(-INFINITY);
  for (int64_t i = 0; i < width; i += kWidth) top = max(part_of(x + i, width - i), top);
  const Vec shift = splat(largest(top));
  Vec sums = splat(0.0f);
  for (int64_t i = 0; i < width; i += kWidth) {
    const Vec e = exponential(part_of(x + i, width - i) - shift);
    sums += e;
    store_up_to(out + i, e, width - i);
  }
  const Vec total = splat(sum(sums));
  for (int64_t i = 0; i < width; i += kWidth) store_up_to(out + i, load_up_to(out + i, width - i) / total, width - i);
}

// Up to kWidth rows, each in a lane.
void softmax_lanes(const float* x, int64_t rows, int64_t width, float* out) {
  Vec columns[kWidth];
  float part[kWidth] = {};
  for (int64_t i = 0; i < width; ++i) {
    for (int64_t row = 0; row < rows; ++row) part[row] = x[row * width + i];
    columns[i] = load(part);
  }
  Vec top = columns[0], total = splat(0.0f);
  for (int64_t i = 1; i < width; ++i) top = max(columns[i], top);
  for (int64_t i = 0; i < width; ++i) total += columns[i] = exponential(columns[i] - top);
  for (int64_t i = 0; i < width; ++i) {
    store(part, columns[i] / total);
    for (int64_t row = 0; row < rows; ++row) out[row * width + i] = part[row];
  }
}

void tile(const SoftmaxArgs& args, const TileContext&, int, int64_t index) {
  const int64_t step = rows_of_tile(args), last = min(args.rows, (index + 1) * step);
  if (args.width < kWidth) {
    for (int64_t row = index * step; row < last; row += kWidth) {
      const int64_t at = row * args.width;
      softmax_lanes(args.x + at, min(int64_t{kWidth}, last - row), args.width, args.out + at);
    }
    return;
  }
  for (int64_t row = index * step; row < last; ++row) {
    softmax_row(args.x + row * args.width, args.width, args.out + row * args.width);
  }
}

}  // namespace

const TiledKernel<SoftmaxArgs> kSoftmax = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
