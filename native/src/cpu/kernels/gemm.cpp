// SPDX-License-Identifier: Apache-2.0
// Linear layer. 2 R K N FLOP; reads R K + K N, writes R N floats: bound by arithmetic once K and N exceed about 30.
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileRows = 96;

int64_t no_floats(const LinearArgs&) { return 0; }

int64_t tiles(const LinearArgs& args, int) { return (args.rows + kTileRows - 1) / kTileRows; }

void tile(const LinearArgs& args, const TileContext&, int, int64_t index) {
  const PackedWeights& weights = packed(args.weights);
  const int64_t first = index * kTileRows, rows = min(kTileRows, args.rows - first);
  Rows a;
  a.taps[0] = args.x + first * weights.inputs;
  a.tap_count = 1;
  a.stride = a.depth = weights.inputs;
  const int64_t at = first * weights.outputs;
  StoreSink sink{args.out + at, weights.outputs, weights.outputs, args.bias, args.activation,
                 args.residual != nullptr ? args.residual + at : nullptr};
  product(a, rows, weights.packed, weights.outputs, sink);
}

}  // namespace

const TiledKernel<LinearArgs> kLinear = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
