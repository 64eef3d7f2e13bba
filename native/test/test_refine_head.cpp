// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

struct Problem {
  int64_t batch, months, height, width, inputs, outputs;
  bool land = false;

  std::string text() const { return named("refine_head", batch, months, height, width, inputs, outputs); }
};

struct Values {
  std::vector<float> x, conv, conv_bias, head, head_bias, scale, shift;
  std::vector<uint8_t> land;

  explicit Values(const Problem& p) {
    Random random(static_cast<uint64_t>(p.height * 131 + p.width * 17 + p.inputs));
    x = random.floats(p.batch * p.months * p.height * p.width * p.inputs);
    conv = random.floats(p.outputs * p.inputs * 9, 1 / std::sqrt(9.0 * static_cast<double>(p.inputs)));
    conv_bias = random.floats(p.outputs);
    head = random.floats(p.outputs);
    head_bias = random.floats(1);
    scale = random.floats(p.months);
    shift = random.floats(p.months);
    land = random.flags(p.batch * p.height * p.width, 0.3);
  }
};

std::vector<float> run(Session& s, const Problem& p, const Values& v) {
  const Tensor x(s, {p.batch, p.months, p.height, p.width, p.inputs}, v.x), conv(s, {p.outputs, p.inputs, 3, 3}, v.conv);
  const Tensor conv_bias(s, {p.outputs}, v.conv_bias), head(s, {p.outputs}, v.head), head_bias(s, {1}, v.head_bias);
  const Tensor scale(s, {p.months}, v.scale), shift(s, {p.months}, v.shift);
  const Tensor land(s, {p.batch, p.height, p.width}, v.land, GATUN_BOOL), out(s, {p.batch, p.months, p.height, p.width});
  const Weights weights(s.stream, [&](gatun_weights** made) {
    return gatun_refine_weights(s.stream, conv, GATUN_STRICT, made, &err);
  });
  OK(gatun_refine_head(s.stream, x, weights, conv_bias, head, head_bias, scale, shift, p.land ? &land.view : nullptr,
                       out, &err));
  return out.floats();
}

// Winograd's F(4x4, 3x3) multiplies by up to 8 and adds up terms larger than the result: its rounding error is some ten
// times that of the plain sum.
constexpr double kWinograd = 12, kPlain = 1;

// GATUN_DISABLE with winograd added, for weights that are made meanwhile.
class WithoutWinograd {
 public:
  WithoutWinograd() {
    const char* told = std::getenv("GATUN_DISABLE");
    was_set_ = told != nullptr;
    if (was_set_) was_ = told;
    setenv("GATUN_DISABLE", (was_ + ",winograd").c_str(), 1);
  }
  ~WithoutWinograd() {
    if (was_set_) {
      setenv("GATUN_DISABLE", was_.c_str(), 1);
    } else {
      unsetenv("GATUN_DISABLE");
    }
  }
  WithoutWinograd(const WithoutWinograd&) = delete;

 private:
  bool was_set_;
  std::string was_;
};

std::vector<Expected> reference(const Problem& p, const Values& v, double convolution) {
  std::vector<Expected> want;
  for (int64_t map = 0; map < p.batch * p.months; ++map) {
    const auto month = static_cast<size_t>(map % p.months);
    for (int64_t y = 0; y < p.height; ++y) {
      for (int64_t x = 0; x < p.width; ++x) {
        Sum head;
        double slack = 0;
        for (int64_t o = 0; o < p.outputs; ++o) {
          Sum sum;
          sum.add(v.conv_bias[static_cast<size_t>(o)]);
          for (int64_t cell = 0; cell < 9; ++cell) {
            const int64_t row = y + cell / 3 - 1, column = x + cell % 3 - 1;
            if (row < 0 || row >= p.height || column < 0 || column >= p.width) continue;
            for (int64_t i = 0; i < p.inputs; ++i) {
              sum.add(static_cast<double>(v.conv[static_cast<size_t>((o * p.inputs + i) * 9 + cell)]) *
                      static_cast<double>(
                          v.x[static_cast<size_t>(((map * p.height + row) * p.width + column) * p.inputs + i)]));
            }
          }
          Expected value = sum.expected();
          value.tolerance *= convolution;
          value = gelu(value);
          const double weight = v.head[static_cast<size_t>(o)];
          head.add(value.value * weight);
          slack += value.tolerance * std::fabs(weight);
        }
        head.add(v.head_bias[0]);
        const Expected dot = head.expected();
        const double scale = v.scale[month], shift = v.shift[month];
        const int64_t cell = (map / p.months * p.height + y) * p.width + x;
        if (p.land && v.land[static_cast<size_t>(cell)] != 0) {
          want.push_back({0, 0});
        } else {
          want.push_back({dot.value * scale + shift, (dot.tolerance + slack) * std::fabs(scale) +
                                                         4 * kUlp * (std::fabs(dot.value * scale) + std::fabs(shift))});
        }
      }
    }
  }
  return want;
}

void verify(Session& s, const Problem& p, double convolution) {
  const Values v(p);
  compare(run(s, p, v), reference(p, v, convolution), p.text());
}

void verify_shapes(double convolution) {
  Session s(3);
  for (const auto& [height, width] : std::vector<std::pair<int64_t, int64_t>>{
           {1, 1}, {1, 7}, {4, 4}, {5, 3}, {8, 12}, {13, 17}, {31, 33}}) {
    verify(s, {1, 1, height, width, 8, 8}, convolution);
    verify(s, {2, 3, height, width, 5, 19, true}, convolution);
  }
  verify(s, {1, 1, 9, 11, 128, 128}, convolution);
  verify(s, {1, 2, 6, 6, 1, 1}, convolution);
  verify(s, {1, 1, 5, 6, 33, 65, true}, convolution);
}

TEST(refineHeadMatchesReference) { verify_shapes(kWinograd); }

void verify_independence() {
  Session one(1), many(5);
  const Problem p{3, 2, 29, 37, 24, 40, true};
  const Values v(p);
  const std::vector<float> whole = run(one, p, v);
  CHECK(same_bits(whole, run(many, p, v)));
  Problem single = p;
  single.batch = 1;
  Values first = v;
  first.x.resize(first.x.size() / 3);
  first.land.resize(first.land.size() / 3);
  const std::vector<float> part = run(many, single, first);
  CHECK(same_bits(part, {whole.begin(), whole.begin() + static_cast<int64_t>(part.size())}));
}

TEST(refineHeadDependsOnNeitherBatchNorThreads) { verify_independence(); }

// The CPU's switch; the GPU's kernel is another.
TEST(refineHeadWithoutWinogradIsAsExactAsAPlainSum) {
  if (device_kind() != GATUN_CPU) throw check::Skip{"Winograd is the CPU's"};
  const WithoutWinograd plain;
  verify_shapes(kPlain);
  verify_independence();
}

TEST(refineHeadWithAndWithoutWinogradAgree) {
  if (device_kind() != GATUN_CPU) throw check::Skip{"Winograd is the CPU's"};
  const Problem p{1, 2, 30, 50, 64, 64, true};
  const Values v(p);
  Session s(2);
  const std::vector<float> winograd = run(s, p, v);
  std::vector<float> plain;
  {
    const WithoutWinograd off;
    plain = run(s, p, v);
  }
  const std::vector<Expected> want = reference(p, v, kWinograd);
  compare(winograd, want, "with Winograd");
  compare(plain, want, "without Winograd");
  CHECK(!same_bits(winograd, plain), "the switch changed nothing");
  CHECK(distance(winograd, plain) < 1e-5, distance(winograd, plain));
}

}  // namespace
