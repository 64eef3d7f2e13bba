// SPDX-License-Identifier: Apache-2.0
// Operations on rows: softmax, the place of the largest, rows of a table.
#include "fixture.h"

namespace {

void check_softmax(Session& s, int64_t rows, int64_t width, double spread) {
  const Tensor x = random_tensor(s, {rows, width}, 11, spread), out(s, {rows, width});
  const std::vector<float> in = x.floats();
  std::vector<Expected> want;
  for (int64_t row = 0; row < rows; ++row) {
    const auto first = in.begin() + row * width;
    const double top = *std::max_element(first, first + width);
    double sum = 0;
    for (int64_t i = 0; i < width; ++i) sum += std::exp(first[i] - top);
    for (int64_t i = 0; i < width; ++i) {
      // x - top is rounded, which e^x turns into a relative error; what is below the normal floats may be 0.
      const double away = first[i] - top, value = std::exp(away) / sum;
      want.push_back({value, value * (kUlp * std::fabs(away) + rounding(width)) + 1e-37});
    }
  }
  OK(gatun_softmax(s.stream, x, out, &err));
  compare(out.floats(), want, named("softmax", rows, width, "spread", spread));
  OK(gatun_softmax(s.stream, x, x, &err));
  CHECK(same_bits(x.floats(), out.floats()), "in place", rows, width);
}

TEST(softmaxMatchesReference) {
  Session s(3);
  for (int64_t width : {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 257}) {
    for (int64_t rows : {1, 5, 70}) check_softmax(s, rows, width, 3);
    check_softmax(s, 4, width, 100);
  }
  check_softmax(s, 2, 20'000, 3);
  check_softmax(s, 0, 4, 3);
}

TEST(softmaxHasItsLimitsAndKeepsNanInItsRow) {
  Session s;
  const std::vector<float> in = {0, -INFINITY, 0, 1, NAN, 2, -INFINITY, -INFINITY, -INFINITY, 3e38f, -3e38f, 0};
  const Tensor x(s, {4, 3}, in), out(s, {4, 3});
  OK(gatun_softmax(s.stream, x, out, &err));
  const std::vector<float> got = out.floats(), want = {0.5f, 0, 0.5f, NAN, NAN, NAN, NAN, NAN, NAN, 1, 0, 0};
  for (size_t i = 0; i < got.size(); ++i) {
    CHECK(std::isnan(want[i]) ? std::isnan(got[i]) : got[i] == want[i], "element", i, got[i]);
  }
}

void check_argmax(Session& s, int64_t rows, int64_t width) {
  std::vector<float> values = Random(12).floats(rows * width);
  // Few different numbers, so that there are equals.
  for (float& value : values) value = std::round(value * 4);
  Random chance(13);
  for (int64_t row = 0; row < rows; row += 3) {
    for (int64_t i = 0; i < width; ++i) {
      if (chance.chance(0.2)) values[static_cast<size_t>(row * width + i)] = NAN;
    }
  }
  std::vector<int64_t> want;
  for (int64_t row = 0; row < rows; ++row) {
    const float* x = values.data() + row * width;
    int64_t place = 0;
    for (int64_t i = 1; i < width; ++i) {
      if (!std::isnan(x[place]) && (std::isnan(x[i]) || x[i] > x[place])) place = i;
    }
    want.push_back(place);
  }
  const Tensor x(s, {rows, width}, values), out(s, {rows}, GATUN_I64);
  OK(gatun_argmax(s.stream, x, out, &err));
  CHECK(out.read<int64_t>() == want, "argmax", rows, width);
}

TEST(argmaxMatchesReference) {
  Session s(3);
  for (int64_t width : {1, 2, 5, 31, 32, 33, 100, 300}) {
    for (int64_t rows : {1, 7, 50}) check_argmax(s, rows, width);
  }
  check_argmax(s, 0, 4);
  check_argmax(s, 2, 20'000);
}

TEST(argmaxOfInfinitiesIsTheFirst) {
  Session s;
  const Tensor x(s, {3}, std::vector<float>{-INFINITY, -INFINITY, -INFINITY}), out(s, {}, GATUN_I64);
  OK(gatun_argmax(s.stream, x, out, &err));
  CHECK(out.read<int64_t>() == std::vector<int64_t>{0});
}

TEST(takeRowsMatchesReferenceAndMarksWhatIsNotThere) {
  Session s(3);
  for (int64_t width : {0, 1, 3, 4, 17, 64, 100}) {
    const int64_t table_rows = 9;
    const Tensor table = random_tensor(s, {table_rows, width}, 14);
    std::vector<int64_t> ids = {0, 8, 3, 3, -1, 9, INT64_MIN, INT64_MAX, 5};
    for (int64_t i = 0; i < 200; ++i) ids.push_back(i % table_rows);
    const auto count = static_cast<int64_t>(ids.size());
    const Tensor chosen(s, {count}, ids, GATUN_I64), out(s, {count, width});
    OK(gatun_take_rows(s.stream, table, chosen, out, &err));
    const std::vector<float> got = out.floats(), rows = table.floats();
    for (int64_t i = 0; i < count * width; ++i) {
      const int64_t id = ids[static_cast<size_t>(i / width)];
      const float value = got[static_cast<size_t>(i)];
      if (id < 0 || id >= table_rows) {
        REQUIRE(std::isnan(value), "id", id, value);
      } else {
        REQUIRE(value == rows[static_cast<size_t>(id * width + i % width)], "id", id, "element", i);
      }
    }
  }
}

}  // namespace
