// SPDX-License-Identifier: Apache-2.0
// Layer normalisation of rows, with an optional residual. About 8 FLOP and 8 bytes (12 with residual) an element: bound
// by memory. Mean and variance in two passes over the row, which stays in the first-level cache.
#include "norm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileRows = 64;

int64_t no_floats(const LayerNormArgs&) { return 0; }

int64_t tiles(const LayerNormArgs& args, int) { return (args.rows + kTileRows - 1) / kTileRows; }

void tile(const LayerNormArgs& args, const TileContext&, int, int64_t index) {
  const int64_t last = min(args.rows, (index + 1) * kTileRows);
  for (int64_t row = index * kTileRows; row < last; ++row) {
    const int64_t at = row * args.width;
    const float* in = args.x + at;
    if (args.residual != nullptr) {
      add_row(in, args.residual + at, args.width, args.out + at);
      in = args.out + at;
    }
    normalise_row(in, args.width, args.weight, args.bias, args.eps, args.out + at);
  }
}

}  // namespace

const TiledKernel<LayerNormArgs> kLayerNorm = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
