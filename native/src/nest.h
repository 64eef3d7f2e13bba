// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backend.h"

#include <array>
#include <cstddef>

namespace gatun {

// The common loop nest of some views of one shape: axes that lie densely behind each other in all of them are merged.
template <size_t Count>
struct Nest {
  int32_t rank = 0;
  int64_t shape[GATUN_MAX_RANK] = {};
  int64_t stride[Count][GATUN_MAX_RANK] = {};

  explicit Nest(const std::array<const View*, Count>& views) {
    for (int32_t axis = 0; axis < views[0]->rank; ++axis) {
      if (views[0]->shape[axis] == 1) continue;
      bool merge = rank > 0;
      for (size_t v = 0; v < Count && merge; ++v) {
        merge = stride[v][rank - 1] == views[v]->stride[axis] * views[0]->shape[axis];
      }
      if (!merge) shape[rank++] = 1;
      shape[rank - 1] *= views[0]->shape[axis];
      for (size_t v = 0; v < Count; ++v) stride[v][rank - 1] = views[v]->stride[axis];
    }
    if (rank == 0) shape[rank++] = 1;
  }

  int64_t inner() const { return shape[rank - 1]; }

  int64_t outer() const {
    int64_t count = 1;
    for (int32_t axis = 0; axis + 1 < rank; ++axis) count *= shape[axis];
    return count;
  }

  int64_t inner_stride(size_t v) const { return stride[v][rank - 1]; }

  // Element offsets of an outer index.
  std::array<int64_t, Count> offsets(int64_t index) const {
    std::array<int64_t, Count> at{};
    for (int32_t axis = rank - 2; axis >= 0; --axis) {
      for (size_t v = 0; v < Count; ++v) at[v] += index % shape[axis] * stride[v][axis];
      index /= shape[axis];
    }
    return at;
  }
};

}  // namespace gatun
