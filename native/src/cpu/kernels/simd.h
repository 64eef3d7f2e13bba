// SPDX-License-Identifier: Apache-2.0
// Vectors of floats through the compiler's vector extension, once per instruction set: the files of this folder are
// compiled for each level with GATUN_NS and GATUN_LEVEL set. Everything here is static in that namespace, and no
// standard C++ header is included: an inline function compiled for AVX-512 must never be the copy the linker keeps for
// everybody.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

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

// Says that a vector is in a register here. Without it what follows a loop may make the compiler keep the loop's sums in
// memory.
static inline __attribute__((always_inline)) void keep_in_register([[maybe_unused]] Vec& v) {
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__x86_64__) && GATUN_LEVEL < 3  // else wide vectors, as tests emulate them
  asm("" : "+x"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
}

static inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
static inline Vec min(Vec a, Vec b) { return a < b ? a : b; }
static inline float max(float a, float b) { return a > b ? a : b; }
static inline int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

// Halves of a vector are put together in registers; a store that a shorter load follows would have to be waited for.
typedef float Four __attribute__((vector_size(16)));

static inline float sum(Vec v) {
  Four part[kWidth / 4];
  memcpy(part, &v, sizeof v);
  for (int half = kWidth / 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) part[i] += part[i + half];
  }
  const Four four = part[0], two = four + Four{four[2], four[3], four[2], four[3]};
  return two[0] + two[1];
}

// Of numbers.
static inline float largest(Vec v) {
  Four part[kWidth / 4];
  memcpy(part, &v, sizeof v);
  for (int half = kWidth / 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) part[i] = part[i] > part[i + half] ? part[i] : part[i + half];
  }
  const Four four = part[0], other = {four[2], four[3], four[2], four[3]}, two = four > other ? four : other;
  return max(two[0], two[1]);
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

// bf16, the upper half of an f32. Rounding is to nearest even; NaN stays NaN.
static inline Int rounded_to_bf16(Vec v) {
  typedef uint32_t Unsigned __attribute__((vector_size(4 * kWidth)));  // the sum of a NaN may overflow
  const Int b = bits(v), half = splat_int(0x7fff) + ((b >> 16) & splat_int(1));
  const Unsigned sum = reinterpret_cast<Unsigned>(b) + reinterpret_cast<Unsigned>(half);
  return v != v ? b | splat_int(0x400000) : reinterpret_cast<Int>(sum);
}

static inline uint16_t to_bf16(float value) {
  uint32_t b;
  memcpy(&b, &value, sizeof b);
  if ((b & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>(b >> 16 | 0x40);
  return static_cast<uint16_t>((b + 0x7fffu + (b >> 16 & 1)) >> 16);
}

// Two bf16 of a product's depth, the first in the lower half: what a product takes at a time in reduced precision.
struct Pair {
  uint32_t bits;
};

static inline Int load(const Pair* from) {
  Int v;
  memcpy(&v, from, sizeof v);
  return v;
}

static inline Int splat_pair(const Pair* from) {
  Int pairs = splat_int(static_cast<int32_t>(from->bits));
#if defined(__x86_64__) && !GATUN_DOT
  asm("" : "+x"(pairs));  // or what follows is done to the scalar, which must then be moved to a vector
#endif
  return pairs;
}

static inline Vec first_of(Int pairs) { return from_bits(pairs << 16); }
static inline Vec second_of(Int pairs) { return from_bits(pairs & splat_int(static_cast<int32_t>(0xffff0000))); }

// `count` floats to pairs, which may be written over them; the last is filled up with 0.
static inline void to_pairs(const float* from, int64_t count, Pair* to) {
  typedef uint64_t Long __attribute__((vector_size(4 * kWidth)));
  typedef uint32_t Half __attribute__((vector_size(2 * kWidth)));
  for (int64_t i = 0; i < count; i += kWidth) {
    const Int high = rounded_to_bf16(load_up_to(from + i, count - i));
    Long both;
    memcpy(&both, &high, sizeof both);
    const Half pairs = __builtin_convertvector((both >> 16 & 0xffff) | (both >> 32 & 0xffff0000), Half);
    const int64_t left = (count - i + 1) / 2;
    memcpy(to + i / 2, &pairs, sizeof(Pair) * static_cast<size_t>(min(left, kWidth / 2)));
  }
}

#if GATUN_DOT
// sum + the two products of each pair, the second first, as VDPBF16PS rounds them.
static inline Vec dot(Vec sum, Int a, Int b) {
#if defined(__AVX512BF16__)
  __m512bh left, right;
  memcpy(&left, &a, sizeof left);
  memcpy(&right, &b, sizeof right);
  return _mm512_dpbf16_ps(sum, left, right);
#else  // in tests, on machines without the instruction
  sum += second_of(a) * second_of(b);
  return sum + first_of(a) * first_of(b);
#endif
}
#endif

static inline Vec absolute(Vec v) { return from_bits(bits(v) & splat_int(0x7fffffff)); }

// e^x to 1 ulp or so; 0 below -87.3, where e^x leaves the normal floats; x <= 88. Several vectors go through each step
// together: one chain after the other would leave the units waiting.
template <int Count>
static inline __attribute__((always_inline)) void exponential(Vec (&x)[Count]) {
  // e^r = 1 + r + r^2 p(r), minimax on [-ln 2 / 2, ln 2 / 2]
  constexpr float kP[] = {0.5f, 0.166665778f, 0.0416668542f, 0.00836314633f, 0.00139012875f};
  const Vec shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  Vec turns[Count], r[Count], p[Count];
#pragma GCC unroll 4
  for (int i = 0; i < Count; ++i) {
    const Vec clamped = x[i] < splat(-87.3f) ? splat(-87.3f) : x[i];  // a NaN stays one
    turns[i] = clamped * splat(1.44269504f) + shift;
    const Vec n = turns[i] - shift;
    // ln 2 in two parts, so that r is exact to the last bit
    r[i] = clamped - n * splat(0.693145752f);
    r[i] = r[i] - n * splat(1.42860677e-6f);
    p[i] = splat(kP[4]);
  }
#pragma GCC unroll 4
  for (int k = 3; k >= 0; --k) {
#pragma GCC unroll 4
    for (int i = 0; i < Count; ++i) p[i] = p[i] * r[i] + splat(kP[k]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < Count; ++i) {
    p[i] = r[i] * r[i] * p[i] + r[i] + splat(1.0f);
    const Int scale = (bits(turns[i]) - splat_int(0x4b400000) + splat_int(127)) << 23;
    x[i] = x[i] < splat(-87.3f) ? splat(0.0f) : p[i] * from_bits(scale);
  }
}

static inline Vec exponential(Vec x) {
  Vec one[1] = {x};
  exponential(one);
  return one[0];
}

// torch.nn.GELU(): x Phi(x), Phi(x) = 1/2 + x P(x^2) / Q(x^2), our minimax fit on [-5.4, 5.4], absolute error 2e-8;
// left of it the result is 0 to the rounding of x. One division in the place of an exponential. The vectors go through
// each step together: one chain after the other would leave the units waiting.
template <int Count>
static inline __attribute__((always_inline)) void gelu_together(Vec* x) {
  constexpr float kP[] = {3.98942173e-1f,  3.47854123e-2f,   4.43505635e-3f, 1.58961586e-4f,
                          3.13346732e-6f, -2.22571561e-8f, 1.1610387e-10f};
  constexpr float kQ[] = {1.0f, 2.53859043e-1f, 2.84301843e-2f, 1.76361273e-3f, 5.86774731e-5f};
  const Vec end = splat(5.4f);
  Vec u[Count], t[Count], p[Count], q[Count];
#pragma GCC unroll 4
  for (int i = 0; i < Count; ++i) {
    u[i] = min(max(x[i], -end), end);
    t[i] = u[i] * u[i];
    p[i] = splat(kP[6]) * t[i] + splat(kP[5]);
    q[i] = splat(kQ[4]) * t[i] + splat(kQ[3]);
  }
#pragma GCC unroll 8
  for (int k = 4; k >= 0; --k) {
#pragma GCC unroll 4
    for (int i = 0; i < Count; ++i) {
      p[i] = p[i] * t[i] + splat(kP[k]);
      if (k >= 2) q[i] = q[i] * t[i] + splat(kQ[k - 2]);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < Count; ++i) p[i] = x[i] * (splat(0.5f) + u[i] * (p[i] / q[i]));
#pragma GCC unroll 4
  for (int i = 0; i < Count; ++i) x[i] = x[i] < -end ? x[i] - x[i] : p[i];  // of -infinity NaN, as torch
}

// In place, three at a time.
template <int Count>
static inline __attribute__((always_inline)) void gelu(Vec (&x)[Count]) {
#pragma GCC unroll 4
  for (int i = 0; i + 3 <= Count; i += 3) gelu_together<3>(x + i);
  if constexpr (Count % 3 != 0) gelu_together<Count % 3>(x + Count / 3 * 3);
}

static inline Vec gelu(Vec x) {
  gelu_together<1>(&x);
  return x;
}

}  // namespace gatun::cpu::GATUN_NS
