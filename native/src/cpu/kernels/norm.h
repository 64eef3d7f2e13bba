// SPDX-License-Identifier: Apache-2.0
// Row operations of layer normalisation, shared by the kernels that have it in their epilogue.
#pragma once

#include "simd.h"

namespace gatun::cpu::GATUN_NS {

static inline void add_row(const float* a, const float* b, int64_t width, float* out) {
  for (int64_t i = 0; i < width; i += kWidth) {
    store_up_to(out + i, load_up_to(a + i, width - i) + load_up_to(b + i, width - i), width - i);
  }
}

// out = (in - mean) / sqrt(variance + eps) * weight + bias; out may be in.
static inline void normalise_row(const float* in, int64_t width, const float* weight, const float* bias, float eps,
                                 float* out) {
  const int64_t whole = width / kWidth * kWidth, rest = width - whole;
  Vec total = splat(0.0f);
  for (int64_t i = 0; i < whole; i += kWidth) total += load(in + i);
  if (rest > 0) total += load_part(in + whole, rest);
  const float mean = sum(total) / static_cast<float>(width);
  Vec squares = splat(0.0f);
  for (int64_t i = 0; i < whole; i += kWidth) {
    const Vec d = load(in + i) - splat(mean);
    squares += d * d;
  }
  for (int64_t i = whole; i < width; ++i) squares[i - whole] += (in[i] - mean) * (in[i] - mean);
  const float scale = 1.0f / sqrtf(sum(squares) / static_cast<float>(width) + eps);
  for (int64_t i = 0; i < width; i += kWidth) {
    const int64_t left = width - i;
    const Vec value = (load_up_to(in + i, left) - splat(mean)) * splat(scale);
    store_up_to(out + i, value * load_up_to(weight + i, left) + load_up_to(bias + i, left), left);
  }
}

}  // namespace gatun::cpu::GATUN_NS
