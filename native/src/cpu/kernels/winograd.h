// SPDX-License-Identifier: Apache-2.0
// Winograd's F(4x4, 3x3): a tile of 4 x 4 pixels of the result is made of 6 x 6 pixels, each of whose 36 combinations
// ("points") is multiplied with the same one of the weights, in the place of 144 products of pixels and weights.
#pragma once

#include "gemm.h"

namespace gatun::cpu::GATUN_NS {

constexpr int kSide = 6, kStep = 4, kPoints = kSide * kSide;

// B^T d for one line of six.
static inline void transform_in(const Vec (&d)[kSide], Vec (&out)[kSide]) {
  const Vec two = splat(2.0f), four = splat(4.0f), five = splat(5.0f);
  const Vec even = d[4] - four * d[2], odd = d[3] - four * d[1];
  const Vec far_even = d[4] - d[2], far_odd = two * (d[3] - d[1]);
  out[0] = four * d[0] - five * d[2] + d[4];
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = far_even + far_odd;
  out[4] = far_even - far_odd;
  out[5] = four * d[1] - five * d[3] + d[5];
}

// A^T m for one line of six.
static inline void transform_out(const Vec (&m)[kSide], Vec (&out)[kStep]) {
  const Vec near_sum = m[1] + m[2], near_gap = m[1] - m[2], far_sum = m[3] + m[4], far_gap = m[3] - m[4];
  out[0] = m[0] + near_sum + far_sum;
  out[1] = near_gap + splat(2.0f) * far_gap;
  out[2] = near_sum + splat(4.0f) * far_sum;
  out[3] = near_gap + splat(8.0f) * far_gap + m[5];
}

// G g for one line of three weights.
static inline void transform_weights(const Vec (&g)[3], Vec (&out)[kSide]) {
  const Vec sixth = splat(1.0f / 6.0f), twelfth = splat(1.0f / 12.0f), twenty_fourth = splat(1.0f / 24.0f);
  const Vec ends = sixth * (g[0] + g[2]), middle = sixth * g[1];
  const Vec far_ends = twenty_fourth * g[0] + sixth * g[2], far_middle = twelfth * g[1];
  out[0] = splat(0.25f) * g[0];
  out[1] = -ends - middle;
  out[2] = middle - ends;
  out[3] = far_ends + far_middle;
  out[4] = far_ends - far_middle;
  out[5] = g[2];
}

// The 6 x 6 pixels of an image from (top, left) on, transformed, to a row of each of the 36 matrices, which lie
// `matrix_floats` apart. Pixels outside the image are `zeros`.
static inline void gather(const float* image, int64_t height, int64_t width, int64_t inputs, int64_t top, int64_t left,
                          const float* zeros, float* out, int64_t matrix_floats) {
  const float* cells[kSide][kSide];
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const int64_t row = top + y, column = left + x;
      const bool inside = row >= 0 && row < height && column >= 0 && column < width;
      cells[y][x] = inside ? image + (row * width + column) * inputs : zeros;
    }
  }
  for (int64_t c = 0; c < inputs; c += kWidth) {
    const int64_t rest = inputs - c;
    Vec half[kSide][kSide];
    for (int x = 0; x < kSide; ++x) {
      Vec column[kSide], done[kSide];
#pragma GCC unroll 6
      for (int y = 0; y < kSide; ++y) column[y] = load_up_to(cells[y][x] + c, rest);
      transform_in(column, done);
#pragma GCC unroll 6
      for (int y = 0; y < kSide; ++y) half[y][x] = done[y];
    }
    for (int y = 0; y < kSide; ++y) {
      Vec done[kSide];
      transform_in(half[y], done);
#pragma GCC unroll 6
      for (int x = 0; x < kSide; ++x) store_up_to(out + (y * kSide + x) * matrix_floats + c, done[x], rest);
    }
  }
}

}  // namespace gatun::cpu::GATUN_NS
