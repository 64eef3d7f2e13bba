// SPDX-License-Identifier: Apache-2.0
// One warp's share of a product on the matrix units, from shared memory into registers, in the three precisions.
#pragma once

#include "gatun/gatun.h"
#include "lane.h"

namespace gatun::cuda {

// What a product does with a pair of factors. kDepth: of the sum, in one instruction.
// Each f32 is the sum of two tf32 values to 22 bits; the product of the two small ones is left out, which is below the
// rounding of an f32 sum. Three instructions in the place of one, and still twice the rate of the f32 units.
struct Strict {
  using Element = float;
  static constexpr int kDepth = 8;
};
struct Fast {
  using Element = float;
  static constexpr int kDepth = 8;
};
struct Reduced {
  using Element = Bf16;
  static constexpr int kDepth = 16;
};

// Rows are read by eight lanes at a time, 16 bytes each: a pitch of 16 bytes modulo 128 keeps them in different banks.
template <class Element>
GATUN_BOTH constexpr int pitch_of(int depth) {
  constexpr int kLine = 128 / static_cast<int>(sizeof(Element)), kStep = 16 / static_cast<int>(sizeof(Element));
  return (depth - kStep + kLine - 1) / kLine * kLine + kStep;
}

// Rows x Columns of the result; Rows a multiple of 16, Columns of 16.
template <class Precision, int Rows, int Columns>
struct WarpTile {
  static_assert(Rows % 16 == 0 && Columns % 16 == 0);
  using Element = typename Precision::Element;
  static constexpr int kRows = Rows / 16, kColumns = Columns / 8;

  float at[kRows][kColumns][4];

  GATUN_DEVICE void clear() {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
#pragma unroll
      for (int j = 0; j < kColumns; ++j) {
#pragma unroll
        for (int r = 0; r < 4; ++r) at[i][j][r] = 0;
      }
    }
  }

  // += a b^T: a [Rows][a_pitch] and b [Columns][b_pitch] in shared memory, 16-byte aligned rows; depth a multiple of
  // Precision::kDepth.
  GATUN_DEVICE void multiply(const Element* a, int a_pitch, const Element* b, int b_pitch, int depth) {
    constexpr int kQuarter = 16 / static_cast<int>(sizeof(Element));  // elements of a row of a loaded matrix
    const int lane = lane_index();
    const Element* a_row = a + (lane % 16) * a_pitch + lane / 16 * kQuarter;
    const Element* b_row = b + (lane % 8 + lane / 16 * 8) * b_pitch + lane / 8 % 2 * kQuarter;
    for (int k = 0; k < depth; k += Precision::kDepth) {
      uint32_t left[kRows][4], right[kColumns / 2][4];
#pragma unroll
      for (int i = 0; i < kRows; ++i) load_matrices(left[i], a_row + i * 16 * a_pitch + k);
#pragma unroll
      for (int j = 0; j < kColumns / 2; ++j) load_matrices(right[j], b_row + j * 16 * b_pitch + k);
      add_products(Precision{}, left, right);
    }
  }

  // Where element r of block (i, j) of this lane lies in the tile.
  GATUN_DEVICE static int row_of(int i, int r) { return i * 16 + lane_index() / 4 + r / 2 * 8; }
  GATUN_DEVICE static int column_of(int j, int r) { return j * 8 + lane_index() % 4 * 2 + r % 2; }

 private:
  using Left = uint32_t[kRows][4];
  using Right = uint32_t[kColumns / 2][4];

  GATUN_DEVICE static void split(const uint32_t (&value)[4], uint32_t (&large)[4], uint32_t (&small)[4]) {
#pragma unroll
    for (int r = 0; r < 4; ++r) {
      // Infinity goes to the small part as a whole: beside it, the other factor's small part (often 0) would make NaN.
      // So does what rounds to infinity, the last 4096th of the numbers before it, and keeps 10 bits; and NaN.
      const bool infinite = (value[r] & 0x7fffffffu) >= 0x7f7ff000u;
      const uint32_t near = to_tf32(as_float(value[r]));
      large[r] = infinite ? 0u : near;
      small[r] = infinite ? value[r] : to_tf32(as_float(value[r]) - as_float(near));
    }
  }

  GATUN_DEVICE void add_products(Strict, const Left& left, const Right& right) {
    uint32_t left_large[kRows][4], left_small[kRows][4];
#pragma unroll
    for (int i = 0; i < kRows; ++i) split(left[i], left_large[i], left_small[i]);
#pragma unroll
    for (int j = 0; j < kColumns / 2; ++j) {
      uint32_t large[4], small[4];
      split(right[j], large, small);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const uint32_t b_large[2] = {large[half * 2], large[half * 2 + 1]};
        const uint32_t b_small[2] = {small[half * 2], small[half * 2 + 1]};
#pragma unroll
        for (int i = 0; i < kRows; ++i) {
          mma_tf32(at[i][j * 2 + half], left_small[i], b_large);
          mma_tf32(at[i][j * 2 + half], left_large[i], b_small);
          mma_tf32(at[i][j * 2 + half], left_large[i], b_large);
        }
      }
    }
  }

  // b was rounded when the weights were packed; rounding it once more changes nothing.
  GATUN_DEVICE void add_products(Fast, const Left& left, const Right& right) {
    uint32_t a[kRows][4];
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
#pragma unroll
      for (int r = 0; r < 4; ++r) a[i][r] = to_tf32(as_float(left[i][r]));
    }
#pragma unroll
    for (int j = 0; j < kColumns; ++j) {
      const uint32_t b[2] = {to_tf32(as_float(right[j / 2][j % 2 * 2])), to_tf32(as_float(right[j / 2][j % 2 * 2 + 1]))};
#pragma unroll
      for (int i = 0; i < kRows; ++i) mma_tf32(at[i][j], a[i], b);
    }
  }

  GATUN_DEVICE void add_products(Reduced, const Left& left, const Right& right) {
#pragma unroll
    for (int j = 0; j < kColumns; ++j) {
      const uint32_t b[2] = {right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]};
#pragma unroll
      for (int i = 0; i < kRows; ++i) mma_bf16(at[i][j], left[i], b);
    }
  }
};

// Calls body(Strict{}), body(Fast{}) or body(Reduced{}).
template <class Body>
void with_precision(int32_t precision, const Body& body) {
  if (precision == GATUN_FAST) {
    body(Fast{});
  } else if (precision == GATUN_REDUCED) {
    body(Reduced{});
  } else {
    body(Strict{});
  }
}

}  // namespace gatun::cuda
