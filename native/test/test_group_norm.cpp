// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

struct Problem {
  int64_t batch, places, channels, groups;
  int32_t activation = GATUN_ACT_NONE;
  double eps = 1e-5, offset = 0, spread = 1;
};

Expected finished_norm(int32_t activation, Expected x) {
  if (activation == GATUN_ACT_GELU) return gelu(x);
  if (activation != GATUN_ACT_SILU) return x;
  const double value = x.value / (1 + std::exp(-x.value));
  return {value, 1.2 * x.tolerance + 8 * kUlp * std::fabs(value)};
}

// As for layer_norm: the mean is off by rounding of the sum, relative to the largest input.
std::vector<Expected> reference(const Problem& p, const std::vector<float>& x, const std::vector<float>& weight,
                                const std::vector<float>& bias) {
  const int64_t width = p.channels / p.groups, count = p.places * width;
  std::vector<Expected> want(x.size());
  for (int64_t sample = 0; sample < p.batch; ++sample) {
    for (int64_t group = 0; group < p.groups; ++group) {
      const auto at = [&](int64_t i) {
        return static_cast<size_t>((sample * p.places + i / width) * p.channels + group * width + i % width);
      };
      double mean = 0, variance = 0, largest = 0;
      for (int64_t i = 0; i < count; ++i) {
        mean += x[at(i)] / static_cast<double>(count);
        largest = std::max(largest, std::fabs(static_cast<double>(x[at(i)])));
      }
      for (int64_t i = 0; i < count; ++i) variance += std::pow(x[at(i)] - mean, 2) / static_cast<double>(count);
      const double scale = 1 / std::sqrt(variance + p.eps);
      for (int64_t i = 0; i < count; ++i) {
        const auto channel = static_cast<size_t>(group * width + i % width);
        const double normal = (x[at(i)] - mean) * scale;
        const double slack = rounding(count) * (std::fabs(normal) + largest * scale) * std::fabs(weight[channel]);
        want[at(i)] = finished_norm(p.activation, {normal * weight[channel] + bias[channel],
                                                   slack + 4 * kUlp * std::fabs(bias[channel])});
      }
    }
  }
  return want;
}

void check(Session& s, const Problem& p) {
  std::vector<float> in = Random(static_cast<uint64_t>(p.places)).floats(p.batch * p.places * p.channels, p.spread);
  for (float& value : in) value += static_cast<float>(p.offset);
  const Tensor x(s, {p.batch, p.places, p.channels}, in), out(s, {p.batch, p.places, p.channels});
  const Tensor weight = random_tensor(s, {p.channels}, 2), bias = random_tensor(s, {p.channels}, 3);
  OK(gatun_group_norm(s.stream, x, p.groups, weight, bias, p.eps, p.activation, out, &err));
  compare(out.floats(), reference(p, in, weight.floats(), bias.floats()),
          named("group_norm", p.batch, p.places, p.channels, "groups", p.groups, "activation", p.activation));
  OK(gatun_group_norm(s.stream, x, p.groups, weight, bias, p.eps, p.activation, x, &err));
  CHECK(same_bits(x.floats(), out.floats()), "in place", p.places, p.channels, p.groups);
}

TEST(groupNormMatchesReferenceForEveryShape) {
  Session s(3);
  for (int64_t places : {1, 2, 30, 256, 257, 1100}) {
    check(s, {2, places, 6, 1});
    check(s, {2, places, 6, 3, GATUN_ACT_SILU});
    check(s, {1, places, 6, 6, GATUN_ACT_GELU});
    check(s, {1, places, 64, 8, GATUN_ACT_SILU});
  }
  for (int64_t channels : {1, 4, 17, 33}) check(s, {3, 20, channels, 1, GATUN_ACT_GELU});
  check(s, {1, 40, 20, 5, GATUN_ACT_NONE});
  check(s, {0, 4, 4, 2});
  check(s, {2, 0, 4, 2});
}

TEST(groupNormHoldsFarFromZeroAndForConstantGroups) {
  Session s;
  check(s, {1, 700, 8, 2, GATUN_ACT_NONE, 1e-6, 300, 1});
  check(s, {1, 700, 8, 2, GATUN_ACT_NONE, 1e-12, 0, 1e-3});
  check(s, {1, 700, 8, 2, GATUN_ACT_NONE, 1e-5, 0.25, 0});
}

TEST(groupNormKeepsNanInItsGroup) {
  Session s;
  std::vector<float> in = Random(7).floats(2 * 300 * 6);
  in[static_cast<size_t>(280 * 6 + 3)] = NAN;  // sample 0, group 1 of 3
  const Tensor x(s, {2, 300, 6}, in), weight = random_tensor(s, {6}, 2), bias = random_tensor(s, {6}, 3);
  OK(gatun_group_norm(s.stream, x, 3, weight, bias, 1e-5, GATUN_ACT_NONE, x, &err));
  const std::vector<float> got = x.floats();
  for (size_t i = 0; i < got.size(); ++i) {
    REQUIRE(std::isnan(got[i]) == (i < 300 * 6 && i % 6 / 2 == 1), "element", i, got[i]);
  }
}

TEST(groupNormGivesEachSampleTheSameBits) {
  Session s(3);
  const Tensor x = random_tensor(s, {4, 600, 12}, 5), all(s, {4, 600, 12}), one(s, {1, 600, 12});
  const Tensor weight = random_tensor(s, {12}, 2), bias = random_tensor(s, {12}, 3);
  gatun_tensor first = x.view;
  first.shape[0] = 1;
  OK(gatun_group_norm(s.stream, x, 3, weight, bias, 1e-5, GATUN_ACT_GELU, all, &err));
  OK(gatun_group_norm(s.stream, &first, 3, weight, bias, 1e-5, GATUN_ACT_GELU, one, &err));
  const std::vector<float> got = all.floats();
  CHECK(same_bits(one.floats(), {got.begin(), got.begin() + 600 * 12}));
}

}  // namespace
