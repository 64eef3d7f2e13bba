// SPDX-License-Identifier: Apache-2.0
// Which tile a linear layer takes; apart from the kernel, so that it can be tested.
#pragma once

#include "launch.h"

#include <algorithm>

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

}  // namespace gatun::cuda
