// SPDX-License-Identifier: Apache-2.0
// The folded beginning of a decoder against its three operations one after the other, in double precision.
#include "fixture.h"

namespace {

struct Problem {
  int64_t batch, height, width, embed, hidden, channels, outputs, stride_h, stride_w, kernel_h, kernel_w, padding_h,
      padding_w;

  // Patch and overlap as the model has them.
  static Problem overlap(int64_t batch, int64_t height, int64_t width, int64_t embed, int64_t outputs, int64_t patch_h,
                         int64_t patch_w, int64_t overlap) {
    return {batch, height, width, embed, embed + 3, outputs + 2, outputs, patch_h, patch_w, patch_h + 2 * overlap,
            patch_w + 2 * overlap, overlap, overlap};
  }

  int64_t rows() const { return (height - 1) * stride_h - 2 * padding_h + kernel_h; }
  int64_t columns() const { return (width - 1) * stride_w - 2 * padding_w + kernel_w; }
  std::string text() const {
    return named("decoder_prefix", batch, height, width, embed, outputs, "kernel", kernel_h, kernel_w, "stride",
                 stride_h, stride_w, "padding", padding_h, padding_w);
  }
};

struct Values {
  std::vector<float> x, proj, proj_bias, up, up_bias, conv, conv_bias;

  explicit Values(const Problem& p) {
    Random random(static_cast<uint64_t>(p.height * 131 + p.width * 17 + p.kernel_h * 5 + p.kernel_w));
    const auto scale = [](int64_t terms) { return 1.7 / std::sqrt(static_cast<double>(terms)); };
    x = random.floats(p.batch * p.height * p.width * p.embed);
    proj = random.floats(p.hidden * p.embed, scale(p.embed));
    proj_bias = random.floats(p.hidden);
    up = random.floats(p.hidden * p.channels * p.kernel_h * p.kernel_w, scale(p.hidden));
    up_bias = random.floats(p.channels);
    conv = random.floats(p.outputs * p.channels * 9, scale(9 * p.channels));
    conv_bias = random.floats(p.outputs);
  }
};

std::vector<float> run(Session& s, const Problem& p, const Values& v, int32_t activation) {
  const Tensor x(s, {p.batch, p.height, p.width, p.embed}, v.x), proj(s, {p.hidden, p.embed}, v.proj);
  const Tensor proj_bias(s, {p.hidden}, v.proj_bias), up(s, {p.hidden, p.channels, p.kernel_h, p.kernel_w}, v.up);
  const Tensor up_bias(s, {p.channels}, v.up_bias), conv(s, {p.outputs, p.channels, 3, 3}, v.conv);
  const Tensor conv_bias(s, {p.outputs}, v.conv_bias), out(s, {p.batch, p.rows(), p.columns(), p.outputs});
  const Weights weights(s.stream, [&](gatun_weights** made) {
    return gatun_decoder_weights(s.stream, proj, proj_bias, up, up_bias, conv, conv_bias, p.stride_h, p.stride_w,
                                 p.padding_h, p.padding_w, GATUN_STRICT, made, &err);
  });
  OK(gatun_decoder_prefix(s.stream, x, weights, activation, out, &err));
  return out.floats();
}

// A double-precision image with the sum of magnitudes of each value.
struct Image {
  int64_t height, width, channels;
  std::vector<double> values, magnitudes;

  Image(int64_t h, int64_t w, int64_t c)
      : height(h), width(w), channels(c), values(static_cast<size_t>(h * w * c)), magnitudes(values) {}
  size_t at(int64_t y, int64_t x, int64_t c) const { return static_cast<size_t>((y * width + x) * channels + c); }
  void add(size_t to, const Image& from, size_t source, double factor) {
    values[to] += from.values[source] * factor;
    magnitudes[to] += from.magnitudes[source] * std::fabs(factor);
  }
  void start(const std::vector<float>& bias) {
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = bias[i % static_cast<size_t>(channels)];
      magnitudes[i] = std::fabs(values[i]);
    }
  }
};

std::vector<Expected> reference(const Problem& p, const Values& v, int32_t activation) {
  std::vector<Expected> want;
  for (int64_t b = 0; b < p.batch; ++b) {
    Image tokens(p.height, p.width, p.embed), projected(p.height, p.width, p.hidden);
    Image wide(p.rows(), p.columns(), p.channels), out(p.rows(), p.columns(), p.outputs);
    for (size_t i = 0; i < tokens.values.size(); ++i) {
      tokens.values[i] = v.x[static_cast<size_t>(b) * tokens.values.size() + i];
      tokens.magnitudes[i] = std::fabs(tokens.values[i]);
    }
    projected.start(v.proj_bias);
    wide.start(v.up_bias);
    out.start(v.conv_bias);
    for (int64_t y = 0; y < p.height; ++y) {
      for (int64_t x = 0; x < p.width; ++x) {
        for (int64_t h = 0; h < p.hidden; ++h) {
          for (int64_t e = 0; e < p.embed; ++e) {
            projected.add(projected.at(y, x, h), tokens, tokens.at(y, x, e), v.proj[static_cast<size_t>(h * p.embed + e)]);
          }
          for (int64_t i = 0; i < p.kernel_h; ++i) {
            for (int64_t j = 0; j < p.kernel_w; ++j) {
              const int64_t row = y * p.stride_h - p.padding_h + i, column = x * p.stride_w - p.padding_w + j;
              if (row < 0 || row >= p.rows() || column < 0 || column >= p.columns()) continue;
              for (int64_t c = 0; c < p.channels; ++c) {
                wide.add(wide.at(row, column, c), projected, projected.at(y, x, h),
                         v.up[static_cast<size_t>(((h * p.channels + c) * p.kernel_h + i) * p.kernel_w + j)]);
              }
            }
          }
        }
      }
    }
    for (int64_t y = 0; y < p.rows(); ++y) {
      for (int64_t x = 0; x < p.columns(); ++x) {
        for (int64_t cell = 0; cell < 9; ++cell) {
          const int64_t row = y + cell / 3 - 1, column = x + cell % 3 - 1;
          if (row < 0 || row >= p.rows() || column < 0 || column >= p.columns()) continue;
          for (int64_t o = 0; o < p.outputs; ++o) {
            for (int64_t c = 0; c < p.channels; ++c) {
              out.add(out.at(y, x, o), wide, wide.at(row, column, c),
                      v.conv[static_cast<size_t>((o * p.channels + c) * 9 + cell)]);
            }
          }
        }
      }
    }
    // Folded weights are rounded sums themselves: three products after each other, each with its rounding.
    for (size_t i = 0; i < out.values.size(); ++i) {
      const Expected value{out.values[i], out.magnitudes[i] * 3 * rounding(p.embed)};
      want.push_back(finished(activation, value));
    }
  }
  return want;
}

void verify(Session& s, const Problem& p) {
  const Values v(p);
  compare(run(s, p, v, GATUN_ACT_NONE), reference(p, v, GATUN_ACT_NONE), p.text());
  compare(run(s, p, v, GATUN_ACT_GELU), reference(p, v, GATUN_ACT_GELU), p.text() + "gelu");
  compare(run(s, p, v, GATUN_ACT_RELU), reference(p, v, GATUN_ACT_RELU), p.text() + "relu");
}

TEST(foldedDecoderMatchesItsThreeOperations) {
  Session s(3);
  for (int64_t overlap : {0, 1, 2, 3}) {
    for (const auto& [patch_h, patch_w] :
         std::vector<std::pair<int64_t, int64_t>>{{4, 4}, {1, 1}, {1, 4}, {2, 3}, {5, 2}}) {
      for (const auto& [height, width] : std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 3}, {2, 1}, {3, 4}}) {
        verify(s, Problem::overlap(1, height, width, 6, 5, patch_h, patch_w, overlap));
      }
    }
  }
  verify(s, Problem::overlap(2, 7, 9, 17, 19, 4, 4, 1));
  verify(s, Problem::overlap(1, 70, 1, 4, 3, 4, 2, 1));
}

TEST(foldedDecoderTakesAnyGeometry) {
  Session s;
  // Kernel and padding that are no overlap of the patch: outputs are cut off, or patches do not meet.
  verify(s, {1, 3, 4, 5, 7, 4, 6, 2, 3, 5, 4, 0, 1});
  verify(s, {1, 2, 2, 5, 7, 4, 6, 2, 2, 3, 3, 2, 2});
  verify(s, {1, 4, 3, 3, 2, 4, 5, 3, 1, 3, 6, 2, 0});
}

TEST(foldedDecoderDependsOnNeitherBatchNorThreads) {
  Session one(1), many(5);
  const Problem p = Problem::overlap(3, 9, 8, 12, 20, 4, 4, 1);
  const Values v(p);
  const std::vector<float> whole = run(one, p, v, GATUN_ACT_GELU);
  CHECK(same_bits(whole, run(many, p, v, GATUN_ACT_GELU)));
  Problem single = p;
  single.batch = 1;
  Values first = v;
  first.x.resize(first.x.size() / 3);
  const std::vector<float> part = run(many, single, first, GATUN_ACT_GELU);
  CHECK(same_bits(part, {whole.begin(), whole.begin() + static_cast<int64_t>(part.size())}));
}

}  // namespace
