// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include <tuple>

namespace {

void run(Session& s, int64_t rows, int64_t inputs, int64_t outputs, bool with_bias, int32_t activation,
         bool with_residual = false) {
  const std::string what = named("linear", rows, inputs, outputs, with_bias ? "bias" : "", activation,
                                 with_residual ? "residual" : "");
  Random random(static_cast<uint64_t>(rows * 7919 + inputs * 101 + outputs));
  const Tensor x(s, {rows, inputs}, random.floats(rows * inputs, 2));
  const Tensor weight(s, {outputs, inputs}, random.floats(outputs * inputs)), bias = random_tensor(s, {outputs}, 4);
  const Weights weights = linear_weights(s, weight);
  const Tensor add(s, {rows, outputs}, random.floats(rows * outputs)), out(s, {rows, outputs});
  const std::vector<float> a = x.floats(), b = weight.floats(), c = bias.floats(), d = add.floats();
  OK(gatun_linear(s.stream, x, weights, with_bias ? &bias.view : nullptr, activation,
                  with_residual ? &add.view : nullptr, out, &err));
  std::vector<Expected> want;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t n = 0; n < outputs; ++n) {
      Sum sum;
      for (int64_t k = 0; k < inputs; ++k) {
        sum.add(static_cast<double>(a[static_cast<size_t>(row * inputs + k)]) * b[static_cast<size_t>(n * inputs + k)]);
      }
      if (with_bias) sum.add(c[static_cast<size_t>(n)]);
      Expected value = finished(activation, sum.expected());
      if (with_residual) {
        const double added = d[static_cast<size_t>(row * outputs + n)];
        value = {value.value + added, value.tolerance + kUlp * (std::fabs(value.value) + std::fabs(added))};
      }
      want.push_back(value);
    }
  }
  compare(out.floats(), want, what);
}

TEST(linearMatchesReferenceForEveryTail) {
  Session s(3);
  for (int64_t outputs : {1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65}) {
    for (int64_t rows = 1; rows <= 14; ++rows) run(s, rows, 19, outputs, true, GATUN_ACT_NONE);
  }
  for (int64_t inputs : {1, 2, 5, 16, 64, 129, 384}) {
    for (int64_t rows : {1, 95, 96, 97, 205}) {
      run(s, rows, inputs, 23, false, GATUN_ACT_NONE);
      run(s, rows, inputs, 96, true, GATUN_ACT_NONE);
    }
  }
}

TEST(linearActivatesAndAdds) {
  Session s(3);
  for (int64_t outputs : {1, 13, 16, 32, 47, 128}) {
    for (int32_t activation : {GATUN_ACT_NONE, GATUN_ACT_GELU, GATUN_ACT_RELU}) {
      for (bool residual : {false, true}) {
        run(s, 101, 37, outputs, true, activation, residual);
        run(s, 5, 128, outputs, false, activation, residual);
      }
    }
  }
}

TEST(linearTakesAnyRankAndEmptyRows) {
  Session s;
  run(s, 0, 8, 8, true, GATUN_ACT_GELU, true);
  const Tensor x = random_tensor(s, {2, 3, 5, 7}, 1), weight = random_tensor(s, {11, 7}, 2);
  const Tensor out(s, {2, 3, 5, 11}), flat(s, {30, 11});
  const Weights weights = linear_weights(s, weight);
  OK(gatun_linear(s.stream, x, weights, nullptr, GATUN_ACT_NONE, nullptr, out, &err));
  OK(gatun_linear(s.stream, x, weights, nullptr, GATUN_ACT_NONE, nullptr, flat, &err));
  CHECK(same_bits(out.floats(), flat.floats()));
}

// Tiles of every size, with their edges.
TEST(linearMatchesReferenceForEveryTile) {
  Session s(3);
  for (int64_t inputs : {4, 36, 100}) {
    run(s, 257, inputs, 257, true, GATUN_ACT_GELU, true);
    run(s, 385, inputs, 64, true, GATUN_ACT_NONE);
    run(s, 129, inputs, 65, false, GATUN_ACT_NONE, true);
  }
}

TEST(linearKeepsItsPrecisionAndTheBitsOfEachRow) {
  Session s;
  for (int64_t inputs : {37, 128}) {
    for (int64_t outputs : {33, 256}) {
      const std::vector<float> in = Random(11).floats(64 * 7 * inputs);
      const Tensor weight = random_tensor(s, {outputs, inputs}, 12), bias = random_tensor(s, {outputs}, 13);
      std::vector<float> strict;
      for (const auto& [precision, least, most] :
           {std::tuple{GATUN_STRICT, 0.0, 0.0}, {GATUN_FAST, unless_cpu(1e-5), 2e-3}, {GATUN_REDUCED, 1e-4, 1e-2}}) {
        const Weights weights = linear_weights(s, weight, precision);
        std::vector<float> whole;
        for (int64_t batch : {64, 3, 1}) {
          const std::vector<float> part(in.begin(), in.begin() + batch * 7 * inputs);
          const Tensor x(s, {batch * 7, inputs}, part), out(s, {batch * 7, outputs});
          OK(gatun_linear(s.stream, x, weights, bias, GATUN_ACT_GELU, nullptr, out, &err));
          const std::vector<float> got = out.floats();
          if (whole.empty()) whole = got;
          const std::vector<float> want(whole.begin(), whole.begin() + batch * 7 * outputs);
          CHECK(same_bits(got, want), precision, batch, inputs, outputs);
        }
        if (strict.empty()) strict = whole;
        const double apart = distance(whole, strict);
        CHECK(apart >= least && apart <= most, "precision", precision, inputs, outputs, apart);
      }
    }
  }
}

// Rows that lie a multiple of 4 KiB apart, as floats or as pairs, are put further apart: before the product, or by each
// tile where there is one of columns.
TEST(linearOfRowsThatShareCacheLines) {
  Session s(3);
  for (int64_t inputs : {1024, 2048}) {
    for (int64_t outputs : {8, 65}) {
      run(s, 30, inputs, outputs, true, GATUN_ACT_NONE, true);
      const std::vector<float> in = Random(17).floats(30 * inputs);
      const Tensor weight = random_tensor(s, {outputs, inputs}, 18);
      std::vector<float> strict;
      for (int32_t precision : {GATUN_STRICT, GATUN_REDUCED}) {
        const Weights weights = linear_weights(s, weight, precision);
        const Tensor x(s, {30, inputs}, in), out(s, {30, outputs});
        OK(gatun_linear(s.stream, x, weights, nullptr, GATUN_ACT_NONE, nullptr, out, &err));
        const std::vector<float> whole = out.floats();
        for (int64_t row : {0, 17, 29}) {
          const Tensor one(s, {1, outputs});
          const std::vector<float> line(in.begin() + row * inputs, in.begin() + (row + 1) * inputs);
          const Tensor x_of_row(s, {1, inputs}, line);
          OK(gatun_linear(s.stream, x_of_row, weights, nullptr, GATUN_ACT_NONE, nullptr, one, &err));
          const std::vector<float> want(whole.begin() + row * outputs, whole.begin() + (row + 1) * outputs);
          CHECK(same_bits(one.floats(), want), precision, inputs, outputs, row);
        }
        if (precision == GATUN_STRICT) {
          strict = whole;
        } else {
          const double apart = distance(whole, strict);
          CHECK(apart >= 1e-4 && apart <= 1e-2, inputs, outputs, apart);
        }
      }
    }
  }
}

// The largest numbers, which serve as marks of missing values: they are rounded to ten bits at worst, not to infinity.
TEST(linearKeepsTheLargestNumbersFinite) {
  Session s;
  const float most = 3.40282347e38f;
  const Tensor x(s, {4, 3}, std::vector<float>{-most, 0, 0, 0, most, 1, 0, 0, most, INFINITY, 0, 0}), out(s, {4, 2});
  const Weights weights = linear_weights(s, Tensor(s, {2, 3}, std::vector<float>{0.5f, 0.25f, 0.125f, 1, 1, -1}));
  OK(gatun_linear(s.stream, x, weights, nullptr, GATUN_ACT_NONE, nullptr, out, &err));
  const std::vector<float> got = out.floats();
  const double want[] = {-most / 2.0, -most, most / 4.0, most, most / 8.0, -most};
  for (int i = 0; i < 6; ++i) {
    const float each = got[static_cast<size_t>(i)];
    CHECK(std::fabs(each - want[i]) <= std::fabs(want[i]) * 0x1p-10, i, each);
  }
  CHECK(got[6] == INFINITY && got[7] == INFINITY, got[6], got[7]);
}

// A row's result is the same bits wherever it lies, and its NaN stays its own: batches may be cut at will.
TEST(linearRowsDoNotDependOnEachOther) {
  Session s(3);
  for (int64_t inputs : {19, 128}) {
    for (int64_t outputs : {31, 128}) {
      std::vector<float> in = Random(9).floats(203 * inputs);
      const Weights weights = linear_weights(s, random_tensor(s, {outputs, inputs}, 10));
      const Tensor whole(s, {203, outputs});
      OK(gatun_linear(s.stream, Tensor(s, {203, inputs}, in), weights, nullptr, GATUN_ACT_GELU, nullptr, whole, &err));
      const std::vector<float> want = whole.floats();
      for (int64_t row : {0, 5, 95, 96, 150, 202}) {
        const Tensor one(s, {1, outputs});
        const std::vector<float> line(in.begin() + row * inputs, in.begin() + (row + 1) * inputs);
        const Tensor x(s, {1, inputs}, line);
        OK(gatun_linear(s.stream, x, weights, nullptr, GATUN_ACT_GELU, nullptr, one, &err));
        CHECK(same_bits(one.floats(), {want.begin() + row * outputs, want.begin() + (row + 1) * outputs}), "row", row);
      }
      in[static_cast<size_t>(100 * inputs)] = NAN;
      const Tensor x(s, {203, inputs}, in);
      OK(gatun_linear(s.stream, x, weights, nullptr, GATUN_ACT_GELU, nullptr, whole, &err));
      const std::vector<float> got = whole.floats();
      for (size_t i = 0; i < got.size(); ++i) {
        const bool hit = static_cast<int64_t>(i) / outputs == 100;
        REQUIRE(hit ? std::isnan(got[i]) : got[i] == want[i], "element", i);
      }
    }
  }
}

}  // namespace
