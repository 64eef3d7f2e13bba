// SPDX-License-Identifier: Apache-2.0
// Rows of a table. 8 bytes an element and 8 a row, no FLOP: bound by memory.
#include "simd.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileRows = 64;

int64_t no_floats(const TakeRowsArgs&) { return 0; }

int64_t tiles(const TakeRowsArgs& args, int) { return (args.rows + kTileRows - 1) / kTileRows; }

void tile(const TakeRowsArgs& args, const TileContext&, int, int64_t index) {
  const int64_t last = min(args.rows, (index + 1) * kTileRows);
  for (int64_t row = index * kTileRows; row < last; ++row) {
    const int64_t id = args.ids[row];
    float* out = args.out + row * args.width;
    if (id >= 0 && id < args.table_rows) {
      memcpy(out, args.table + id * args.width, sizeof(float) * static_cast<size_t>(args.width));
    } else {
      for (int64_t i = 0; i < args.width; ++i) out[i] = NAN;
    }
  }
}

}  // namespace

const TiledKernel<TakeRowsArgs> kTakeRows = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
