// SPDX-License-Identifier: Apache-2.0
// Which tile a linear layer or a convolution takes; apart from the kernels, so that it can be tested.
#pragma once

#include "gemm_tile.h"
#include "launch.h"

#include <algorithm>
#include <type_traits>

namespace gatun::cuda {

enum class LinearTile { large, medium, small, least };  // 128 x 128, 128 x 64, 64 x 64, 32 x 64

struct LinearPlan {
  LinearTile tile;
  int rows, columns;
};

// The largest tile that gives every multiprocessor a block; few rows take the least. Depends on M, which is allowed:
// the order of the sums does not depend on the tile.
inline LinearPlan linear_plan(int64_t rows, int64_t outputs, const Limits& limits) {
  constexpr LinearPlan kPlans[] = {{LinearTile::large, 128, 128}, {LinearTile::medium, 128, 64},
                                   {LinearTile::small, 64, 64}};
  for (const LinearPlan& plan : kPlans) {
    const int64_t blocks = ((rows + plan.rows - 1) / plan.rows) * ((outputs + plan.columns - 1) / plan.columns);
    if (outputs > plan.columns / 2 && blocks >= limits.multiprocessors) return plan;
  }
  return {LinearTile::least, 32, 64};
}

// Calls body(tile, whether the sum's index is walked in lines of 16 bytes) as types.
template <class Precision, class Body>
void with_dense_tile(int64_t rows, int64_t outputs, bool wide, const Limits& limits, const Body& body) {
  if (!wide) return body(GemmTile<Precision, 64, 64, 2, 4>{}, std::false_type{});
  switch (linear_plan(rows, outputs, limits).tile) {
    case LinearTile::large: return body(GemmTile<Precision, 128, 128, 2, 4>{}, std::true_type{});
    case LinearTile::medium: return body(GemmTile<Precision, 128, 64, 4, 2>{}, std::true_type{});
    case LinearTile::small: return body(GemmTile<Precision, 64, 64, 2, 4>{}, std::true_type{});
    case LinearTile::least: return body(GemmTile<Precision, 32, 64, 2, 4>{}, std::true_type{});
  }
}

}  // namespace gatun::cuda
