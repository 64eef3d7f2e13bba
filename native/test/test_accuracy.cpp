// SPDX-License-Identifier: Apache-2.0
// How good gelu and e^x are, in units of the last place of the result, seen through the operations that use them.
#include "fixture.h"

namespace {

double ulp_of(double value) { return std::ldexp(1.0, std::max(std::ilogb(value), -126) - 23); }

std::vector<float> gelu_of(Session& s, const std::vector<float>& values) {
  const int64_t count = static_cast<int64_t>(values.size());
  const Tensor x(s, {count, 1}, values), out(s, {count, 1});
  const Weights weights = linear_weights(s, Tensor(s, {1, 1}, std::vector<float>{1}));
  OK(gatun_linear(s.stream, x, weights, nullptr, GATUN_ACT_GELU, nullptr, out, &err));
  return out.floats();
}

// As torch's: 1/2 + erf/2 cancels for negative x, so the error is counted in roundings of x there; else in those of the
// result.
TEST(geluIsExactToRounding) {
  Session s;
  std::vector<float> values;
  for (double x = -13; x <= 13; x += emulated() ? 1.0 / 512 : 1.0 / 8192) values.push_back(static_cast<float>(x));
  // The product before it splits x in two tf32 parts on CUDA; below 2^-110 the small one would be subnormal.
  for (int exponent = device_kind() == GATUN_CUDA ? -110 : -126; exponent < 20; ++exponent) {
    for (float mantissa : {1.0f, 1.3f, 1.9999999f}) {
      values.push_back(std::ldexp(mantissa, exponent));
      if (exponent < 3) values.push_back(-std::ldexp(mantissa, exponent));
    }
  }
  const std::vector<float> got = gelu_of(s, values);
  double worst = 0, worst_tail = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double x = values[i], want = gelu(x), ulps = std::fabs(got[i] - want) / ulp_of(want);
    const double of_x = std::fabs(got[i] - want) / std::fabs(x);
    CHECK(x > -1 ? ulps <= 4 : of_x <= 2.5e-7, "gelu(", x, ") =", got[i], "expected", want, "off by", ulps, "ulp");
    if (x > -1) {
      worst = std::max(worst, ulps);
    } else {
      worst_tail = std::max(worst_tail, of_x);
    }
  }
  std::printf("gelu: worst error %.2f ulp for x > -1, %.2g x left of it\n", worst, worst_tail);
}

TEST(geluHasItsLimits) {
  Session s;
  const std::vector<float> got = gelu_of(s, {0.0f, -0.0f, -20.0f, -1e30f, 20.0f, 3e38f, NAN, INFINITY});
  CHECK(got[0] == 0 && got[1] == 0 && got[4] == 20 && got[5] == 3e38f, got[4], got[5]);
  CHECK(std::fabs(got[2]) < 1e-37 && std::fabs(got[3]) < 1e-37, got[2], got[3]);
  CHECK(std::isnan(got[6]) && got[7] == INFINITY, got[6], got[7]);
}

// Two keys, logits 0 and x, values 0 and 1: the output is e^x / (1 + e^x), four roundings away from e^x.
TEST(exponentialIsExactToRounding) {
  Session s;
  std::vector<float> values, qkv;
  for (double x = -87; x <= 0; x += emulated() ? 1.0 / 256 : 1.0 / 2048) values.push_back(static_cast<float>(x));
  for (float x : values) qkv.insert(qkv.end(), {1, 0, 0, 1, x, 1});
  const int64_t count = static_cast<int64_t>(values.size());
  const Tensor in(s, {count, 2, 3}, qkv), out(s, {count, 2, 1});
  OK(self_attention(s.stream, in, 1, GATUN_STRICT, out));
  const std::vector<float> got = out.floats();
  double worst = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double power = std::exp(static_cast<double>(values[i])), want = power / (1 + power);
    const double ulps = std::fabs(got[2 * i] - want) / ulp_of(want);
    CHECK(ulps <= 4, "e^", values[i], "gave", got[2 * i], "expected", want, "off by", ulps, "ulp");
    worst = std::max(worst, ulps);
  }
  std::printf("softmax of two: worst error %.2f ulp\n", worst);
}

}  // namespace
