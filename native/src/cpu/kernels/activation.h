// SPDX-License-Identifier: Apache-2.0
// Activations of vectors. A NaN stays one in each. Errors are a few units in the last place of the result.
#pragma once

#include "gatun/gatun.h"
#include "simd.h"

namespace gatun::cpu::GATUN_NS {

static inline Vec relu(Vec x) { return x < splat(0.0f) ? splat(0.0f) : x; }

// Of e = e^-|x| nothing overflows, and nothing cancels far left.
static inline Vec sigmoid(Vec x) {
  const Vec e = exponential(-absolute(x));
  return (x < splat(0.0f) ? e : splat(1.0f)) / (splat(1.0f) + e);
}

// x + x^3 p(x^2) near 0, our minimax fit on [-0.6, 0.6] of relative error 3e-9; else 1 - 2 / (e^2|x| + 1).
static inline Vec tangent(Vec x) {
  constexpr float kP[] = {-0.33333298f, 0.133319241f, -0.0537838302f, 0.0207959713f, -0.00589515765f};
  const Vec t = x * x;
  Vec p = splat(kP[4]);
  for (int k = 3; k >= 0; --k) p = p * t + splat(kP[k]);
  const Vec size = absolute(x), e = exponential(splat(-2.0f) * size);
  const Vec far = (splat(1.0f) - e) / (splat(1.0f) + e);
  return size < splat(0.6f) ? x + x * t * p : x < splat(0.0f) ? -far : far;
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e), e = e^-|x|; ln(1 + e) = 2 artanh(s), s = e / (2 + e), as 2 s (1 + s^2 p(s^2)),
// our minimax fit of relative error 5e-9. Above 20 it is x to rounding, by torch's definition too.
static inline Vec softplus(Vec x) {
  constexpr float kP[] = {0.333332081f, 0.200107636f, 0.140009026f, 0.140059937f};
  const Vec e = exponential(-absolute(x)), s = e / (splat(2.0f) + e), u = s * s;
  Vec p = splat(kP[3]);
  for (int k = 2; k >= 0; --k) p = p * u + splat(kP[k]);
  const Vec above = (x < splat(0.0f) ? splat(0.0f) : x) + splat(2.0f) * (s + s * u * p);
  return x > splat(20.0f) ? x : above;
}

// e^x - 1 left of 0; near it x + x^2 p(x), since 1 would cancel.
static inline Vec elu(Vec x) {
  constexpr float kP[] = {0.5f, 0.166665778f, 0.0416668542f, 0.00836314633f, 0.00139012875f};  // as in exponential
  Vec p = splat(kP[4]);
  for (int k = 3; k >= 0; --k) p = p * x + splat(kP[k]);
  const Vec negative = x > splat(-0.34f) ? x + x * x * p : exponential(x < splat(0.0f) ? x : splat(0.0f)) - splat(1.0f);
  return x > splat(0.0f) || x != x ? x : negative;
}

static inline Vec leaky_relu(Vec x) { return x < splat(0.0f) ? x * splat(0.01f) : x; }

// Behind a product: no, GELU or ReLU.
template <int Count>
static inline __attribute__((always_inline)) void finish_product(int32_t activation, Vec (&x)[Count]) {
  if (activation == GATUN_ACT_GELU) gelu(x);
  if (activation == GATUN_ACT_RELU) {
#pragma GCC unroll 12
    for (int i = 0; i < Count; ++i) x[i] = relu(x[i]);
  }
}

}  // namespace gatun::cpu::GATUN_NS
