// SPDX-License-Identifier: Apache-2.0
// Linear layer. 2 R K N FLOP; reads R K + K N, writes R N floats: bound by arithmetic once K and N exceed about 30.
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

struct Cut {
  int64_t rows, row_tiles, columns, column_tiles;

  explicit Cut(const LinearArgs& args)
      : rows(rows_of_tile(args.rows)), row_tiles(max((args.rows + rows - 1) / rows, int64_t{1})),
        columns(columns_of_tile(args.weights->outputs, row_tiles, rows * args.weights->inputs)),
        column_tiles((args.weights->outputs + columns - 1) / columns) {}
};

int64_t no_floats(const LinearArgs&) { return 0; }

// Rows in pairs.
int64_t scratch_floats(const LinearArgs& args) {
  return args.weights->precision == GATUN_REDUCED ? Cut(args).rows * elements<Pair>(args.weights->inputs) : 0;
}

int64_t tiles(const LinearArgs& args, int) {
  const Cut cut(args);
  return cut.row_tiles * cut.column_tiles;
}

// Tiles of the same columns follow each other: they share their weights.
void tile(const LinearArgs& args, const TileContext& context, int, int64_t index) {
  const gatun_weights& weights = *args.weights;
  const Cut cut(args);
  const int64_t first = index % cut.row_tiles * cut.rows, rows = min(cut.rows, args.rows - first);
  const int64_t column = index / cut.row_tiles * cut.columns, columns = min(cut.columns, weights.outputs - column);
  const int64_t at = first * weights.outputs + column;
  StoreSink sink{args.out + at, weights.outputs, columns, args.bias != nullptr ? args.bias + column : nullptr,
                 args.activation, args.residual != nullptr ? args.residual + at : nullptr};
  with_elements(weights.precision, [&](auto element) {
    using Element = decltype(element);
    const auto a = rows_of<Element>(args.x + first * weights.inputs, weights.inputs, rows, weights.inputs,
                                    context.scratch);
    product(a, rows, panels_of<Element>(args.weights) + column * a.depth, columns, sink);
  });
}

}  // namespace

const TiledKernel<LinearArgs> kLinear = {1, no_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
