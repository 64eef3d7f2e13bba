// SPDX-License-Identifier: Apache-2.0
// The product behind transposed convolutions: a block draws outputs of one pair of classes (transposed.h), which share
// their weights. Inner and border pairs are launched apart: the first have about the same number of outputs each.
#pragma once

#include "gather.h"
#include "gemm_tile.h"
#include "launch.h"
#include "linear_plan.h"
#include "transposed.h"

namespace gatun::cuda {

struct TransposedProblem {
  const float* x;  // [images, rows.inputs, columns.inputs, inputs]
  const void* weights;
  int64_t images, outputs;
  int inputs;
  TransposedPlane plane;
  bool borders;

  GATUN_BOTH int pairs() const {
    const int inner = plane.rows.stride * plane.columns.stride;
    return borders ? (plane.rows.stride + plane.rows.borders()) * (plane.columns.stride + plane.columns.borders()) - inner
                   : inner;
  }
};

// What the outputs of a block have in common.
struct TransposedPair {
  AxisRun rows, columns;
  int index;            // among all pairs of classes
  int64_t taps_before;  // of the pairs before

  GATUN_DEVICE TransposedPair(const TransposedProblem& p, int block) {
    const TransposedAxis &down = p.plane.rows, &across = p.plane.columns;
    int row_class, column_class;
    if (!p.borders) {
      row_class = block / across.stride, column_class = block % across.stride;
    } else {
      // Border lines as a whole, then the border pixels of the other lines.
      const int per_line = across.stride + across.borders(), lines = down.borders() * per_line;
      const bool line = block < lines;
      const int at = line ? block % per_line : across.stride + (block - lines) % across.borders();
      row_class = line ? down.border_class(block / per_line) : (block - lines) / across.borders();
      column_class = at < across.stride ? at : across.border_class(at - across.stride);
    }
    index = row_class * across.classes() + column_class;
    taps_before = p.plane.taps_before(row_class, column_class);
    rows = down.run(row_class);
    columns = across.run(column_class);
  }

  GATUN_DEVICE int taps() const { return rows.taps * columns.taps; }
};

// `output.put(p, pair, place, pixel, column, value, next)`: the sums of an output pixel [images, rows, columns].
template <class Tile, bool Wide, class Output>
GATUN_KERNEL(Tile::kThreads)
transposed_tile(TransposedProblem p, Output output) {
  using Element = typename Tile::Element;
  const TransposedPair pair(p, static_cast<int>(block_index<1>()));
  const int64_t across = (p.outputs + Tile::kColumns - 1) / Tile::kColumns;
  const int64_t first_row = block_index<0>() / across * Tile::kRows;
  const int64_t first_column = block_index<0>() % across * Tile::kColumns;
  const int64_t pixels = p.images * pair.rows.count * pair.columns.count;
  if (first_row >= pixels) return;
  auto* places = reinterpret_cast<Place*>(shared_memory() + Tile::kSharedBytes);
  for (int row = thread_index(); row < Tile::kRows; row += Tile::kThreads) {
    const int64_t pixel = first_row + row, line = pixel / pair.columns.count;
    places[row] = pixel < pixels ? Place{static_cast<int>(line / pair.rows.count),
                                         pair.rows.base + static_cast<int>(line % pair.rows.count),
                                         pair.columns.base + static_cast<int>(pixel % pair.columns.count)}
                                 : Place::nowhere();
  }
  sync_block();
  const int64_t depth = static_cast<int64_t>(pair.taps()) * p.inputs;
  const Element* weights = static_cast<const Element*>(p.weights) + pair.taps_before * p.outputs * p.inputs;
  Tile tile;
  tile.template multiply<Wide>(
      GatherSource{p.x, places, p.plane.rows.inputs, p.plane.columns.inputs, p.inputs, pair.columns.taps, -1, -1,
                   depth},
      RowSource<Element>{weights, first_column, p.outputs, depth}, depth, shared_memory());
  tile.for_pairs([&](int row, int column, float value, float next) {
    if (first_row + row >= pixels) return;
    const Place place = places[row];
    const int64_t y = pair.rows.first + static_cast<int64_t>(place.y - pair.rows.base) * p.plane.rows.stride;
    const int64_t x = pair.columns.first + static_cast<int64_t>(place.x - pair.columns.base) * p.plane.columns.stride;
    const int64_t pixel = (place.image * int64_t{p.plane.rows.outputs} + y) * p.plane.columns.outputs + x;
    output.put(p, pair, place, pixel, first_column + column, value, next);
  });
}

template <class Tile, bool Wide, class Output>
void launch_transposed_tile(gatun_stream* stream, const char* name, const TransposedProblem& p, const Output& output) {
  const TransposedAxis &down = p.plane.rows, &across = p.plane.columns;
  // The most outputs of a pair: a border line is the longest of its kind.
  const int64_t inner_rows = (down.outputs + down.stride - 1) / down.stride;
  const int64_t inner_columns = (across.outputs + across.stride - 1) / across.stride;
  const int64_t most = p.borders ? std::max(inner_rows, inner_columns) : inner_rows * inner_columns;
  launch(stream, name, transposed_tile<Tile, Wide, Output>,
         {blocks_for(p.images * most, Tile::kRows) * blocks_for(p.outputs, Tile::kColumns), p.pairs()}, Tile::kThreads,
         Tile::kSharedBytes + Tile::kRows * sizeof(Place), p, output);
}

template <class Precision, class Output>
void launch_transposed(gatun_stream* stream, const char* name, const TransposedProblem& p, const Output& output,
                       bool wide) {
  if (!wide) return launch_transposed_tile<GemmTile<Precision, 64, 64, 2, 4>, false>(stream, name, p, output);
  const int64_t pixels = p.images * p.plane.rows.outputs * p.plane.columns.outputs;
  if (!p.borders && linear_plan(pixels, p.outputs, limits(stream)).rows == 128) {
    return launch_transposed_tile<GemmTile<Precision, 128, 64, 4, 2>, true>(stream, name, p, output);
  }
  launch_transposed_tile<GemmTile<Precision, 64, 64, 2, 4>, true>(stream, name, p, output);
}

}  // namespace gatun::cuda
