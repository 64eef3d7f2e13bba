// SPDX-License-Identifier: Apache-2.0
// Place of the largest element of each row. 4 bytes and 1 comparison an element: the comparisons wait for each other,
// so a core reads less than one element a clock.
#include "simd.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileElements = 1 << 14;

int64_t no_floats(const ArgmaxArgs&) { return 0; }

int64_t rows_of_tile(const ArgmaxArgs& args) { return args.width < kTileElements ? kTileElements / args.width : 1; }

int64_t tiles(const ArgmaxArgs& args, int) { return (args.rows + rows_of_tile(args) - 1) / rows_of_tile(args); }

// The first NaN, else the first among the largest.
int64_t place_of_largest(const float* x, int64_t width) {
  int64_t place = 0;
  for (int64_t i = 0; i < width; ++i) {
    if (x[i] != x[i]) return i;
    if (x[i] > x[place]) place = i;
  }
  return place;
}

void tile(const ArgmaxArgs& args, const TileContext&, int, int64_t index) {
  const int64_t step = rows_of_tile(args), last = min(args.rows, (index + 1) * step);
  for (int64_t row = index * step; row < last; ++row) {
    args.out[row] = place_of_largest(args.x + row * args.width, args.width);
  }
}

}  // namespace

const TiledKernel<ArgmaxArgs> kArgmax = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
