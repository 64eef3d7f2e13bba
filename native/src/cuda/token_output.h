// SPDX-License-Identifier: Apache-2.0
// What follows the sums of a token on their way to memory: bias, a row of positions, rounding to bf16.
#pragma once

#include "launch.h"

namespace gatun::cuda {

struct TokenOutput {
  const float *bias, *position;  // each may be null
  void* out;
  int64_t columns, period;  // period: rows of position
  bool rounds;              // to bf16
  bool pairs, fours;        // so many neighbours, the first at a multiple of it, can be moved in one access

  TokenOutput(const float* bias_row, const float* position_rows, int64_t rows, void* to, int32_t dtype, int64_t count)
      : bias(bias_row), position(position_rows), out(to), columns(count), period(rows), rounds(dtype == GATUN_BF16),
        pairs(movable(2)), fours(movable(4)) {}

  bool movable(int64_t elements) const {
    return columns % elements == 0 && reinterpret_cast<uintptr_t>(position) % (elements * 4) == 0 &&
           reinterpret_cast<uintptr_t>(out) % (elements * (rounds ? 2 : 4)) == 0;
  }

  // The sums of a token at `column`, an even one, and behind it; `place` is its row of position.
  GATUN_DEVICE void put(int64_t token, int64_t place, int64_t column, float value, float next) const {
    if (column >= columns) return;
    const int64_t at = token * columns + column;
    const bool both = column + 1 < columns;
    if (bias != nullptr) {
      value += bias[column];
      if (both) next += bias[column + 1];
    }
    if (position != nullptr) {
      const float* more = position + place * columns + column;
      value += more[0];
      if (both) next += more[1];
    }
    if (pairs && rounds) {
      const uint32_t high = to_bf16(next).bits;
      *reinterpret_cast<uint32_t*>(static_cast<Bf16*>(out) + at) = to_bf16(value).bits | high << 16;
    } else if (pairs) {
      *reinterpret_cast<Float2*>(static_cast<float*>(out) + at) = {{value, next}};
    } else {
      put_one(at, value);
      if (both) put_one(at + 1, next);
    }
  }

  // Four finished elements, where `fours`; bias is not for them.
  GATUN_DEVICE void put4(int64_t token, int64_t place, int64_t column, Float4 values) const {
    if (position != nullptr) {
      const Float4 more = *reinterpret_cast<const Float4*>(position + place * columns + column);
      for (int i = 0; i < 4; ++i) values.at[i] += more.at[i];
    }
    const int64_t at = token * columns + column;
    if (rounds) {
      store4(static_cast<Bf16*>(out) + at, values);
    } else {
      store4(static_cast<float*>(out) + at, values);
    }
  }

  GATUN_DEVICE void put1(int64_t token, int64_t place, int64_t column, float value) const {
    if (position != nullptr) value += position[place * columns + column];
    put_one(token * columns + column, value);
  }

 private:
  GATUN_DEVICE void put_one(int64_t at, float value) const {
    if (rounds) {
      static_cast<Bf16*>(out)[at] = to_bf16(value);
    } else {
      static_cast<float*>(out)[at] = value;
    }
  }
};

// LayerNorm of the rows of args into output, which takes the place of args.out.
void normalise_rows(gatun_stream* stream, const LayerNormArgs& args, const TokenOutput& output);

}  // namespace gatun::cuda
