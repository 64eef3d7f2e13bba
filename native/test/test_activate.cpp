// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

double activated(int32_t activation, double x) {
  switch (activation) {
    case GATUN_ACT_GELU: return gelu(x);
    case GATUN_ACT_RELU: return x < 0 ? 0 : x;
    case GATUN_ACT_SIGMOID: return 1 / (1 + std::exp(-x));
    case GATUN_ACT_TANH: return std::tanh(x);
    case GATUN_ACT_SILU: return x / (1 + std::exp(-x));
    case GATUN_ACT_SOFTPLUS: return x > 20 ? x : std::log1p(std::exp(x));
    case GATUN_ACT_LEAKY_RELU: return x < 0 ? 0.01 * x : x;
    case GATUN_ACT_ELU: return x < 0 ? std::expm1(x) : x;
    default: return x;
  }
}

// A few roundings of the result. e^x is nothing below the normal floats, and GELU's error is relative to x left of 0.
Expected expected(int32_t activation, float x) {
  const double value = activated(activation, x);
  const double size = activation == GATUN_ACT_GELU && x < 0 ? std::fabs(x) : std::fabs(value);
  return {value, std::isnan(value) || std::isinf(value) ? 0 : 6 * kUlp * size + 1e-36};
}

TEST(everyActivationIsExactToAFewRoundings) {
  Session s(3);
  std::vector<float> values = {0.0f,  -0.0f,  1e-30f, -1e-30f, 1e-7f, -1e-7f,
                               87.5f, -87.5f, 100.0f, -100.0f, 1e30f, -1e30f};
  for (double x = -24; x <= 24; x += emulated() ? 1.0 / 64 : 1.0 / 4096) values.push_back(static_cast<float>(x));
  for (double x = 1e-6; x < 2; x *= 1.01) values.insert(values.end(), {static_cast<float>(x), static_cast<float>(-x)});
  const Tensor in(s, {static_cast<int64_t>(values.size())}, values), out(s, {static_cast<int64_t>(values.size())});
  for (int32_t activation = GATUN_ACT_NONE; activation <= GATUN_ACT_ELU; ++activation) {
    OK(gatun_activate(s.stream, in, activation, out, &err));
    std::vector<Expected> want;
    for (float x : values) want.push_back(expected(activation, x));
    compare(out.floats(), want, named("activation", activation));
  }
}

TEST(everyActivationKeepsNanAndHasItsLimits) {
  Session s;
  const Tensor in(s, {3}, std::vector<float>{NAN, INFINITY, -INFINITY}), out(s, {3});
  for (int32_t activation = GATUN_ACT_NONE; activation <= GATUN_ACT_ELU; ++activation) {
    OK(gatun_activate(s.stream, in, activation, out, &err));
    const std::vector<float> got = out.floats();
    const bool bounded = activation == GATUN_ACT_SIGMOID || activation == GATUN_ACT_TANH;
    CHECK(std::isnan(got[0]), "activation", activation, got[0]);
    CHECK(bounded ? got[1] == 1 : std::isinf(got[1]) && got[1] > 0, "activation", activation, got[1]);
    const double low = activated(activation, -INFINITY);
    CHECK(std::isnan(low) ? std::isnan(got[2]) : got[2] == static_cast<float>(low), "activation", activation, got[2]);
  }
}

TEST(activateTakesAnyLengthAndRunsInPlace) {
  Session s(3);
  for (int64_t length : {0, 1, 3, 4, 16, 47, 48, 49, 16384, 16385, 40'003}) {
    for (int32_t activation : {GATUN_ACT_GELU, GATUN_ACT_TANH}) {
      const Tensor x = random_tensor(s, {length}, 3, 4), out(s, {length});
      OK(gatun_activate(s.stream, x, activation, out, &err));
      std::vector<Expected> want;
      for (float value : x.floats()) want.push_back(expected(activation, value));
      compare(out.floats(), want, named("activation", activation, "of", length));
      OK(gatun_activate(s.stream, x, activation, x, &err));
      CHECK(same_bits(x.floats(), out.floats()), "in place, activation", activation, "length", length);
    }
  }
}

}  // namespace
