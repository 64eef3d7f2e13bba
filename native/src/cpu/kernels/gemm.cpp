// SPDX-License-Identifier: Apache-2.0
// Linear layer. 2 R K N FLOP; reads R K + K N, writes R N floats: bound by arithmetic once K and N exceed about 30.
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

// Tiles: rows, and of them columns where rows make few.
struct Cut {
  int64_t rows, row_tiles, columns, column_tiles;

  explicit Cut(const LinearArgs& args)
      : rows(rows_of_tile(args.rows)), row_tiles((args.rows + rows - 1) / rows),
        columns(columns_of_tile(args.weights->outputs, row_tiles, rows * args.weights->inputs)),
        column_tiles((args.weights->outputs + columns - 1) / columns) {}
};

// The rows as the product takes them: pairs, and never a multiple of a way of the first-level cache apart, where the
// lines of a register tile would fall into one set and push each other out. Where columns are cut into tiles too, they
// are put so once, by a phase before the product, else by each tile for itself.
struct Arranged {
  static constexpr int64_t kWay = 1024, kApart = 16, kRowsOfTile = 16;

  int64_t depth, stride;  // in floats or pairs
  bool copied, once;

  explicit Arranged(const LinearArgs& args)
      : depth(depth_of(*args.weights)), stride(depth % kWay == 0 ? depth + kApart : depth),
        copied(args.weights->precision == GATUN_REDUCED || stride != depth), once(copied && Cut(args).column_tiles > 1) {}

  // Rows [first, first + rows) of x.
  void put(const LinearArgs& args, int64_t first, int64_t rows, float* to) const {
    const int64_t inputs = args.weights->inputs;
    const float* from = args.x + first * inputs;
    for (int64_t row = 0; row < rows; ++row, from += inputs, to += stride) {
      if (args.weights->precision == GATUN_REDUCED) {
        to_pairs(from, inputs, reinterpret_cast<Pair*>(to));
      } else {
        memcpy(to, from, sizeof(float) * static_cast<size_t>(inputs));
      }
    }
  }
};

int64_t shared_floats(const LinearArgs& args) {
  const Arranged arranged(args);
  return arranged.once ? args.rows * arranged.stride : 0;
}

int64_t scratch_floats(const LinearArgs& args) {
  const Arranged arranged(args);
  return arranged.copied && !arranged.once ? Cut(args).rows * arranged.stride : 0;
}

int64_t tiles(const LinearArgs& args, int phase) {
  if (phase == 0) {
    return Arranged(args).once ? (args.rows + Arranged::kRowsOfTile - 1) / Arranged::kRowsOfTile : 0;
  }
  const Cut cut(args);
  return cut.row_tiles * cut.column_tiles;
}

// Tiles of the same columns follow each other: they share their weights.
void multiply_tile(const LinearArgs& args, const TileContext& context, int64_t index) {
  const gatun_weights& weights = *args.weights;
  const Cut cut(args);
  const Arranged arranged(args);
  const int64_t first = index % cut.row_tiles * cut.rows, rows = min(cut.rows, args.rows - first);
  const int64_t column = index / cut.row_tiles * cut.columns, columns = min(cut.columns, weights.outputs - column);
  const float* from = arranged.once     ? context.shared + first * arranged.stride
                      : arranged.copied ? context.scratch
                                        : args.x + first * arranged.stride;
  if (arranged.copied && !arranged.once) arranged.put(args, first, rows, context.scratch);
  const int64_t at = first * weights.outputs + column;
  StoreSink sink{args.out + at, weights.outputs, columns, args.bias != nullptr ? args.bias + column : nullptr,
                 args.activation, args.residual != nullptr ? args.residual + at : nullptr};
  with_elements(weights.precision, [&](auto element) {
    using Element = decltype(element);
    Rows<Element> a;
    a.taps[0] = reinterpret_cast<const Element*>(from);
    a.tap_count = 1;
    a.stride = arranged.stride;
    a.depth = arranged.depth;
    product(a, rows, panels_of<Element>(args.weights) + column * a.depth, columns, sink);
  });
}

void tile(const LinearArgs& args, const TileContext& context, int phase, int64_t index) {
  if (phase == 1) return multiply_tile(args, context, index);
  const Arranged arranged(args);
  const int64_t first = index * Arranged::kRowsOfTile;
  arranged.put(args, first, min(Arranged::kRowsOfTile, args.rows - first), context.shared + first * arranged.stride);
}

}  // namespace

const TiledKernel<LinearArgs> kLinear = {2, shared_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
