// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

enum class Place { apart, on_x, on_residual };

// Error of one output: the mean is off by rounding of the sum, relative to the largest input, and the division by the
// deviation carries that on.
std::vector<Expected> reference(const std::vector<float>& x, const std::vector<float>& residual,
                                const std::vector<float>& weight, const std::vector<float>& bias, double eps) {
  const size_t width = weight.size();
  std::vector<Expected> want;
  for (size_t row = 0; row * width < x.size(); ++row) {
    std::vector<double> z(width);
    double mean = 0, variance = 0, largest = 0;
    for (size_t i = 0; i < width; ++i) {
      z[i] = x[row * width + i] + (residual.empty() ? 0.0 : residual[row * width + i]);
      mean += z[i] / static_cast<double>(width);
      largest = std::max(largest, std::fabs(z[i]));
    }
    for (size_t i = 0; i < width; ++i) variance += (z[i] - mean) * (z[i] - mean) / static_cast<double>(width);
    const double scale = 1 / std::sqrt(variance + eps);
    for (size_t i = 0; i < width; ++i) {
      const double normal = (z[i] - mean) * scale;
      const double slack = rounding(static_cast<int64_t>(width)) * (std::fabs(normal) + largest * scale);
      want.push_back({normal * weight[i] + bias[i], slack * std::fabs(weight[i]) + 4 * kUlp * std::fabs(bias[i])});
    }
  }
  return want;
}

void run(Session& s, int64_t rows, int64_t width, bool with_residual, Place place, double eps, double offset,
         double spread) {
  Random random(static_cast<uint64_t>(rows * 1000 + width));
  std::vector<float> in = random.floats(rows * width, spread), add = random.floats(rows * width, spread);
  for (float& value : in) value += static_cast<float>(offset);
  if (!with_residual) add.clear();
  const Tensor x(s, {rows, width}, in), weight = random_tensor(s, {width}, 2), bias = random_tensor(s, {width}, 3);
  const Tensor residual(s, {with_residual ? rows : 0, width}, add), out(s, {rows, width});
  const Tensor& to = place == Place::apart ? out : place == Place::on_x ? x : residual;
  OK(gatun_layer_norm(s.stream, x, with_residual ? &residual.view : nullptr, weight, bias, eps, to, &err));
  compare(to.floats(), reference(in, add, weight.floats(), bias.floats(), eps),
          named("layer_norm", rows, "x", width, with_residual ? "with residual" : "", "place",
                static_cast<int>(place)));
}

TEST(layerNormMatchesReference) {
  Session s(3);
  for (int64_t width : {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 128, 257}) {
    for (int64_t rows : {1, 5, 64, 131}) {
      run(s, rows, width, false, Place::apart, 1e-5, 0, 1);
      run(s, rows, width, true, Place::apart, 1e-5, 0, 1);
      run(s, rows, width, false, Place::on_x, 1e-5, 0, 1);
      run(s, rows, width, true, Place::on_x, 1e-5, 0, 1);
      run(s, rows, width, true, Place::on_residual, 1e-5, 0, 1);
    }
  }
}

TEST(layerNormHoldsFarFromZeroAndForConstantRows) {
  Session s;
  for (int64_t width : {5, 128, 129}) {
    run(s, 9, width, false, Place::apart, 1e-6, 1000, 1);
    run(s, 9, width, true, Place::apart, 1e-12, 0, 1e-3);
    run(s, 9, width, false, Place::apart, 1e-5, 0.25, 0);
  }
}

TEST(layerNormTakesEmptyTensors) {
  Session s;
  run(s, 0, 16, true, Place::apart, 1e-5, 0, 1);
  const Tensor rows(s, {int64_t{1} << 40, 0}), width(s, {0}), out(s, {int64_t{1} << 40, 0});  // many, of nothing
  OK(gatun_layer_norm(s.stream, rows, nullptr, width, width, 1e-5, out, &err));
  s.sync();
}

TEST(layerNormKeepsNanInItsRow) {
  Session s;
  std::vector<float> in = Random(7).floats(3 * 33);
  in[40] = NAN;
  const Tensor x(s, {3, 33}, in), weight = random_tensor(s, {33}, 2), bias = random_tensor(s, {33}, 3), out(s, {3, 33});
  OK(gatun_layer_norm(s.stream, x, nullptr, weight, bias, 1e-5, out, &err));
  const std::vector<float> got = out.floats();
  for (size_t i = 0; i < got.size(); ++i) CHECK(std::isnan(got[i]) == (i / 33 == 1), "element", i, got[i]);
}

}  // namespace
