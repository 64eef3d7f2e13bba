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

// A row of this many vectors stays in registers.
constexpr int kShortRow = 8;

// The second half of a normalisation, of a row in registers.
static inline __attribute__((always_inline)) void normalise_short(const Vec (&row)[kShortRow], Vec total,
                                                                  const float* weight, const float* bias, float eps,
                                                                  float* out) {
  constexpr float kCount = kShortRow * kWidth;
  const Vec mean = splat(sum(total) / kCount);
  Vec squares = splat(0.0f);
  for (int i = 0; i < kShortRow; ++i) squares += (row[i] - mean) * (row[i] - mean);
  const Vec scale = splat(1.0f / sqrtf(sum(squares) / kCount + eps));
  for (int i = 0; i < kShortRow; ++i) {
    const int64_t at = i * kWidth;
    store(out + at, (row[i] - mean) * scale * load(weight + at) + load(bias + at));
  }
}

// The second half of a normalisation: from a row and the sum of its elements, by lanes.
static inline void normalise_summed(const float* in, Vec total, int64_t width, const float* weight, const float* bias,
                                    float eps, float* out) {
  const int64_t whole = width / kWidth * kWidth;
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

// out = (in - mean) / sqrt(variance + eps) * weight + bias; out may be in.
static inline void normalise_row(const float* in, int64_t width, const float* weight, const float* bias, float eps,
                                 float* out) {
  Vec total = splat(0.0f);
  if (width == kShortRow * kWidth) {
    Vec row[kShortRow];
    for (int i = 0; i < kShortRow; ++i) total += row[i] = load(in + i * kWidth);
    return normalise_short(row, total, weight, bias, eps, out);
  }
  for (int64_t i = 0; i < width; i += kWidth) total += load_up_to(in + i, width - i);
  normalise_summed(in, total, width, weight, bias, eps, out);
}

// added = a + b + c, and `out` its normalisation.
static inline void add_and_normalise_row(const float* a, const float* b, const float* c, int64_t width,
                                         const float* weight, const float* bias, float eps, float* added, float* out) {
  Vec total = splat(0.0f);
  if (width == kShortRow * kWidth) {
    Vec row[kShortRow];
    for (int i = 0; i < kShortRow; ++i) {
      const int64_t at = i * kWidth;
      total += row[i] = load(a + at) + load(b + at) + load(c + at);
      store(added + at, row[i]);
    }
    return normalise_short(row, total, weight, bias, eps, out);
  }
  for (int64_t i = 0; i < width; i += kWidth) {
    const int64_t left = width - i;
    const Vec value = load_up_to(a + i, left) + load_up_to(b + i, left) + load_up_to(c + i, left);
    store_up_to(added + i, value, left);
    total += value;
  }
  normalise_summed(added, total, width, weight, bias, eps, out);
}

}  // namespace gatun::cpu::GATUN_NS
