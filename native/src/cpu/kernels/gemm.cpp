// SPDX-License-Identifier: Apache-2.0
// Linear layer. 2 R K N FLOP; reads R K + K N, writes R N floats: bound by arithmetic once K and N exceed about 30.
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileRows = 96;

int64_t no_floats(const LinearArgs&) { return 0; }

// Rows in pairs.
int64_t scratch_floats(const LinearArgs& args) {
  return args.weights->precision == GATUN_REDUCED ? kTileRows * elements<Pair>(args.weights->inputs) : 0;
}

int64_t tiles(const LinearArgs& args, int) { return (args.rows + kTileRows - 1) / kTileRows; }

void tile(const LinearArgs& args, const TileContext& context, int, int64_t index) {
  const gatun_weights& weights = *args.weights;
  const int64_t first = index * kTileRows, rows = min(kTileRows, args.rows - first);
  const int64_t at = first * weights.outputs;
  StoreSink sink{args.out + at, weights.outputs, weights.outputs, args.bias, args.activation,
                 args.residual != nullptr ? args.residual + at : nullptr};
  with_elements(args.weights->precision, [&](auto element) {
    using Element = decltype(element);
    const auto a = rows_of<Element>(args.x + first * weights.inputs, weights.inputs, rows, weights.inputs,
                                    context.scratch);
    product(a, rows, panels_of<Element>(args.weights), weights.outputs, sink);
  });
}

}  // namespace

const TiledKernel<LinearArgs> kLinear = {1, no_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
