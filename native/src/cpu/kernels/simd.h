// SPDX-License-Identifier: Apache-2.0
// Vectors of floats through the compiler's vector extension, once per instruction set: the files of this folder are
// compiled for each level with GATUN_NS and GATUN_LEVEL set. Everything here is static in that namespace, and no
// standard C++ header is included: an inline function compiled for AVX-512 must never be the copy the linker keeps for
// everybody.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

namespace gatun::cpu::GATUN_NS {

#if GATUN_LEVEL == 3
constexpr int kWidth = 16;
constexpr int kRows = 12;  // rows of the register tile: 24 of 32 registers hold sums
#define GATUN_SPLAT(x) {x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}
#elif GATUN_LEVEL == 2
constexpr int kWidth = 8;
constexpr int kRows = 6;  // 12 of 16 registers hold sums
#define GATUN_SPLAT(x) {x, x, x, x, x, x, x, x}
#else
constexpr int kWidth = 4;
constexpr int kRows = 6;
#define GATUN_SPLAT(x) {x, x, x, x}
#endif

typedef float Vec __attribute__((vector_size(4 * kWidth)));
typedef int32_t Int __attribute__((vector_size(4 * kWidth)));

static inline Vec splat(float x) { return Vec GATUN_SPLAT(x); }

static inline Int splat_int(int32_t x) { return Int GATUN_SPLAT(x); }

static inline Vec load(const float* from) {
  Vec v;
  memcpy(&v, from, sizeof v);
  return v;
}

static inline void store(float* to, Vec v) { memcpy(to, &v, sizeof v); }

// The first `count` elements; the rest is 0.
static inline Vec load_part(const float* from, int64_t count) {
  float part[kWidth] = {};
  memcpy(part, from, sizeof(float) * static_cast<size_t>(count));
  return load(part);
}

static inline void store_part(float* to, Vec v, int64_t count) {
  float part[kWidth];
  store(part, v);
  memcpy(to, part, sizeof(float) * static_cast<size_t>(count));
}

static inline Vec load_up_to(const float* from, int64_t count) {
  return count >= kWidth ? load(from) : load_part(from, count);
}

static inline void store_up_to(float* to, Vec v, int64_t count) {
  if (count >= kWidth) {
    store(to, v);
  } else {
    store_part(to, v, count);
  }
}

static inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
static inline Vec min(Vec a, Vec b) { return a < b ? a : b; }
static inline float max(float a, float b) { return a > b ? a : b; }
static inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

static inline float sum(Vec v) {
  float part[kWidth];
  store(part, v);
  for (int half = kWidth / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) part[i] += part[i + half];
  }
  return part[0];
}

static inline float largest(Vec v) {
  float part[kWidth];
  store(part, v);
  float result = part[0];
  for (int i = 1; i < kWidth; ++i) result = max(result, part[i]);
  return result;
}

static inline Int bits(Vec v) {
  Int result;
  memcpy(&result, &v, sizeof v);
  return result;
}

static inline Vec from_bits(Int v) {
  Vec result;
  memcpy(&result, &v, sizeof v);
  return result;
}

static inline Vec absolute(Vec v) { return from_bits(bits(v) & splat_int(0x7fffffff)); }

// e^x to 1 ulp or so; 0 below -87.3, where e^x leaves the normal floats; x <= 88.
static inline Vec exponential(Vec x) {
  const Vec shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  const Vec clamped = x < splat(-87.3f) ? splat(-87.3f) : x;  // a NaN stays one
  const Vec turns = clamped * splat(1.44269504f) + shift;
  const Vec n = turns - shift;
  // ln 2 in two parts, so that r is exact to the last bit
  Vec r = clamped - n * splat(0.693145752f);
  r = r - n * splat(1.42860677e-6f);
  Vec p = splat(0.00139012875f);  // e^r = 1 + r + r^2 p(r), minimax on [-ln 2 / 2, ln 2 / 2]
  p = p * r + splat(0.00836314633f);
  p = p * r + splat(0.0416668542f);
  p = p * r + splat(0.166665778f);
  p = p * r + splat(0.5f);
  p = r * r * p + r + splat(1.0f);
  const Int scale = (bits(turns) - splat_int(0x4b400000) + splat_int(127)) << 23;
  return x < splat(-87.3f) ? splat(0.0f) : p * from_bits(scale);
}

// torch.nn.GELU(): x Phi(x). Phi(-t) = e^(-t^2/2) P((t - 3) / (t + 3)) for t >= 0, P our minimax fit of degree 9 on
// [0, 14], relative error 8e-9; beyond, the product is below the smallest float.
static inline Vec gelu(Vec x) {
  const Vec t = min(absolute(x), splat(14.0f));
  const Vec u = (t - splat(3.0f)) / (t + splat(3.0f));
  Vec p = splat(5.36718762e-5f);
  p = p * u + splat(1.15543779e-4f);
  p = p * u + splat(-3.3948489e-4f);
  p = p * u + splat(-9.8375848e-4f);
  p = p * u + splat(2.90455623e-3f);
  p = p * u + splat(6.13207044e-3f);
  p = p * u + splat(-4.62132916e-2f);
  p = p * u + splat(1.23225033e-1f);
  p = p * u + splat(-2.06402615e-1f);
  p = p * u + splat(1.21513948e-1f);
  const Vec tail = p * exponential(splat(-0.5f) * t * t);
  return x * (x < splat(0.0f) ? tail : splat(1.0f) - tail);
}

}  // namespace gatun::cpu::GATUN_NS
