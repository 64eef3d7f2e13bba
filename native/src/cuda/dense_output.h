// SPDX-License-Identifier: Apache-2.0
// What follows a product on its way to memory: bias, activation, residual.
#pragma once

#include "activation.h"

namespace gatun::cuda {

struct DenseOutput {
  const float *bias, *residual;  // each may be null
  float* out;
  int64_t columns;
  int32_t activation;
  bool pairs;  // two neighbours, the first at an even column, can be moved in one access

  DenseOutput(const float* bias_row, const float* residual_rows, float* to, int64_t count, int32_t act)
      : bias(bias_row), residual(residual_rows), out(to), columns(count), activation(act),
        pairs(count % 2 == 0 && (reinterpret_cast<uintptr_t>(residual) | reinterpret_cast<uintptr_t>(out)) % 8 == 0) {}

  GATUN_DEVICE float finished(float value, int64_t column) const {
    if (bias != nullptr) value += bias[column];
    return finish_product(activation, value);
  }

  // The sums at `column`, an even one, and behind it in the row that begins at `row` of out.
  GATUN_DEVICE void put(int64_t row, int64_t column, float value, float next) const {
    if (column >= columns) return;
    const int64_t at = row + column;
    const bool both = column + 1 < columns;
    value = finished(value, column);
    if (both) next = finished(next, column + 1);
    if (pairs) {
      Float2 result{{value, next}};
      if (residual != nullptr) {
        const Float2 more = *reinterpret_cast<const Float2*>(residual + at);
        result = {{value + more.at[0], next + more.at[1]}};
      }
      *reinterpret_cast<Float2*>(out + at) = result;
      return;
    }
    out[at] = residual != nullptr ? value + residual[at] : value;
    if (both) out[at + 1] = residual != nullptr ? next + residual[at + 1] : next;
  }
};

}  // namespace gatun::cuda
