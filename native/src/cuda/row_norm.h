// SPDX-License-Identifier: Apache-2.0
// LayerNorm of the rows of a product that a block holds as a whole.
#pragma once

#include "gemm_tile.h"

namespace gatun::cuda {

struct RowNorm {
  const float *bias, *weight, *shift;  // bias, before the norm, may be null
  float eps;
  int width;  // at most the tile's columns
};

// All threads of the block; `parts` are 2 Tile::kPartsBytes of shared memory.
template <class Tile>
GATUN_DEVICE void normalise(Tile& tile, const RowNorm& norm, float* parts) {
  float *sums = parts, *squares = parts + Tile::kRows * Tile::kParts;
  Tile::clear_parts(sums);
  Tile::clear_parts(squares);
#pragma unroll
  for (int pair = 0; pair < Tile::kOwnPairs; ++pair) {
#pragma unroll
    for (int which = 0; which < 2; ++which) {
      const int column = Tile::own_column(pair) + which;
      const float bias = norm.bias != nullptr && column < norm.width ? norm.bias[column] : 0.0f;
#pragma unroll
      for (int slot = 0; slot < Tile::kOwnRows; ++slot) tile.own(slot, pair, which) += bias;
    }
  }
  sync_block();
  tile.add_row_parts(sums, [&](int, int column, float value) { return column < norm.width ? value : 0.0f; });
  sync_block();
  const float share = 1.0f / static_cast<float>(norm.width);
  float mean[Tile::kOwnRows], scale[Tile::kOwnRows];
#pragma unroll
  for (int slot = 0; slot < Tile::kOwnRows; ++slot) mean[slot] = Tile::total(sums, Tile::own_row(slot)) * share;
  tile.add_row_parts(squares, [&](int slot, int column, float value) {
    return column < norm.width ? (value - mean[slot]) * (value - mean[slot]) : 0.0f;
  });
  sync_block();
#pragma unroll
  for (int slot = 0; slot < Tile::kOwnRows; ++slot) {
    scale[slot] = 1.0f / sqrtf(Tile::total(squares, Tile::own_row(slot)) * share + norm.eps);
  }
#pragma unroll
  for (int pair = 0; pair < Tile::kOwnPairs; ++pair) {
#pragma unroll
    for (int which = 0; which < 2; ++which) {
      const int column = Tile::own_column(pair) + which;
      if (column >= norm.width) continue;
      const float weight = norm.weight[column], shift = norm.shift[column];
#pragma unroll
      for (int slot = 0; slot < Tile::kOwnRows; ++slot) {
        float& value = tile.own(slot, pair, which);
        value = (value - mean[slot]) * scale[slot] * weight + shift;
      }
    }
  }
}

}  // namespace gatun::cuda
