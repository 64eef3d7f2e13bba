// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

constexpr int32_t kReductions[] = {GATUN_REDUCE_SUM, GATUN_REDUCE_MEAN, GATUN_REDUCE_MAX, GATUN_REDUCE_MIN};

Expected reduced(int32_t reduction, const std::vector<double>& values) {
  Sum sum;
  double largest = -INFINITY, smallest = INFINITY;
  for (double value : values) {
    sum.add(value);
    largest = std::max(largest, value);
    smallest = std::min(smallest, value);
  }
  const double count = static_cast<double>(values.size());
  const Expected total = sum.expected();
  switch (reduction) {
    case GATUN_REDUCE_SUM: return total;
    case GATUN_REDUCE_MEAN: return {total.value / count, (total.tolerance + kUlp * std::fabs(total.value)) / count};
    case GATUN_REDUCE_MAX: return {largest, 0};
    default: return {smallest, 0};
  }
}

void check(Session& s, int64_t outer, int64_t count, int64_t inner) {
  const Tensor x = random_tensor(s, {outer, count, inner}, 7), out(s, {outer, inner});
  const std::vector<float> in = x.floats();
  for (int32_t reduction : kReductions) {
    std::vector<Expected> want;
    for (int64_t index = 0; index < outer * inner; ++index) {
      std::vector<double> values;
      for (int64_t row = 0; row < count; ++row) {
        values.push_back(in[static_cast<size_t>((index / inner * count + row) * inner + index % inner)]);
      }
      want.push_back(reduced(reduction, values));
    }
    OK(gatun_reduce(s.stream, x, reduction, out, &err));
    compare(out.floats(), want, named("reduction", reduction, "of", outer, count, inner));
  }
}

TEST(reduceMatchesReferenceForEveryShape) {
  Session s(3);
  for (int64_t count : {1, 2, 7, 16, 17, 31, 255, 256, 257, 700}) {
    for (int64_t inner : {1, 3, 16, 31, 33, 64}) check(s, 2, count, inner);
  }
  check(s, 1, 3, 5000);
  check(s, 1, 70'000, 1);  // more chunks than a chunk has rows
  check(s, 0, 3, 4);
  check(s, 3, 3, 0);
}

TEST(reduceKeepsNanInItsResult) {
  Session s;
  for (int64_t inner : {1, 5, 40}) {
    for (int64_t missing : {0, 17, 299}) {
      std::vector<float> values = Random(8).floats(2 * 300 * inner);
      values[static_cast<size_t>((300 + missing) * inner)] = NAN;
      const Tensor x(s, {2, 300, inner}, values), out(s, {2, inner});
      for (int32_t reduction : kReductions) {
        OK(gatun_reduce(s.stream, x, reduction, out, &err));
        const std::vector<float> got = out.floats();
        for (size_t i = 0; i < got.size(); ++i) {
          CHECK(std::isnan(got[i]) == (i == static_cast<size_t>(inner)), "reduction", reduction, "of", inner, "at", i);
        }
      }
    }
  }
}

TEST(reduceOfInfinitiesIsInfinite) {
  Session s;
  const Tensor x(s, {1, 3, 1}, std::vector<float>{-INFINITY, -INFINITY, -INFINITY}), out(s, {1, 1});
  for (int32_t reduction : kReductions) {
    OK(gatun_reduce(s.stream, x, reduction, out, &err));
    CHECK(out.floats()[0] == -INFINITY, "reduction", reduction, out.floats()[0]);
  }
}

TEST(reduceGivesEachSampleTheSameBits) {
  Session s(3);
  for (int64_t inner : {1, 6, 40}) {
    const Tensor x = random_tensor(s, {5, 1000, inner}, 9), all(s, {5, inner}), one(s, {1, inner});
    gatun_tensor first = x.view;
    first.shape[0] = 1;
    OK(gatun_reduce(s.stream, x, GATUN_REDUCE_SUM, all, &err));
    OK(gatun_reduce(s.stream, &first, GATUN_REDUCE_SUM, one, &err));
    const std::vector<float> got = all.floats();
    CHECK(same_bits(one.floats(), {got.begin(), got.begin() + inner}), "columns", inner);
  }
}

}  // namespace
