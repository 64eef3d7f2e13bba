// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

struct Problem {
  int64_t batch, height, width, inputs, outputs, kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w;
  int64_t more_h = 0, more_w = 0;  // output_padding
  bool with_bias = true;

  int64_t out_height() const { return (height - 1) * stride_h - 2 * padding_h + kernel_h + more_h; }
  int64_t out_width() const { return (width - 1) * stride_w - 2 * padding_w + kernel_w + more_w; }
  bool possible() const { return out_height() > 0 && out_width() > 0; }
  std::string text() const {
    return named("conv_transpose2d", batch, height, width, inputs, outputs, "kernel", kernel_h, kernel_w, "stride",
                 stride_h, stride_w, "padding", padding_h, padding_w, "more", more_h, more_w);
  }
};

// As torch defines it: every input pixel adds its kernel to the outputs it reaches.
std::vector<Expected> reference(const Problem& p, const std::vector<float>& x, const std::vector<float>& weight,
                                const std::vector<float>& bias) {
  std::vector<Sum> sums(static_cast<size_t>(p.batch * p.out_height() * p.out_width() * p.outputs));
  const auto at = [&](int64_t b, int64_t y, int64_t column, int64_t o) {
    return static_cast<size_t>(((b * p.out_height() + y) * p.out_width() + column) * p.outputs + o);
  };
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int64_t y = 0; y < p.height; ++y) {
      for (int64_t column = 0; column < p.width; ++column) {
        for (int64_t ky = 0; ky < p.kernel_h; ++ky) {
          for (int64_t kx = 0; kx < p.kernel_w; ++kx) {
            const int64_t to_y = y * p.stride_h + ky - p.padding_h, to_x = column * p.stride_w + kx - p.padding_w;
            if (to_y < 0 || to_y >= p.out_height() || to_x < 0 || to_x >= p.out_width()) continue;
            for (int64_t i = 0; i < p.inputs; ++i) {
              const double value = x[static_cast<size_t>(((b * p.height + y) * p.width + column) * p.inputs + i)];
              for (int64_t o = 0; o < p.outputs; ++o) {
                sums[at(b, to_y, to_x, o)].add(
                    value * weight[static_cast<size_t>(((i * p.outputs + o) * p.kernel_h + ky) * p.kernel_w + kx)]);
              }
            }
          }
        }
      }
    }
  }
  std::vector<Expected> want;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (p.with_bias) sums[i].add(bias[i % static_cast<size_t>(p.outputs)]);
    want.push_back(sums[i].expected());
  }
  return want;
}

void check(Session& s, const Problem& p) {
  Random random(static_cast<uint64_t>(p.height * 100 + p.kernel_h * 10 + p.stride_w));
  const Tensor x(s, {p.batch, p.height, p.width, p.inputs}, random.floats(p.batch * p.height * p.width * p.inputs));
  const Tensor weight = random_tensor(s, {p.inputs, p.outputs, p.kernel_h, p.kernel_w}, 9);
  const Tensor bias = random_tensor(s, {p.outputs}, 10), out(s, {p.batch, p.out_height(), p.out_width(), p.outputs});
  const Weights weights = conv_transpose2d_weights(s, weight, p.stride_h, p.stride_w, p.padding_h, p.padding_w);
  OK(gatun_conv_transpose2d(s.stream, x, weights, p.with_bias ? &bias.view : nullptr, out, &err));
  compare(out.floats(), reference(p, x.floats(), weight.floats(), bias.floats()), p.text());
}

// Every kernel, stride and padding that the header allows, up to 6, in one axis each way, on images down to one pixel.
TEST(convTransposeMatchesReferenceForEveryGeometry) {
  Session s(3);
  for (int64_t kernel = 1; kernel <= 6; ++kernel) {
    for (int64_t stride = 1; stride <= kernel; ++stride) {
      for (int64_t padding = 0; padding < kernel; ++padding) {
        for (int64_t size : {1, 2, 5}) {
          for (int64_t more : {int64_t{0}, stride - 1}) {
            const Problem tall{1, size, 3, 2, 3, kernel, 3, stride, 2, padding, 1, more, 0};
            if (tall.possible()) check(s, tall);
            const Problem wide{1, 2, size, 3, 2, 2, kernel, 1, stride, 1, padding, 0, more, false};
            if (wide.possible()) check(s, wide);
          }
        }
      }
    }
  }
}

TEST(convTransposeMatchesReferenceForTheDecodersGeometry) {
  Session s(3);
  for (int64_t overlap : {0, 1, 2}) {
    for (int64_t patch : {1, 2, 4}) {
      const int64_t kernel = patch + 2 * overlap;
      for (int64_t height : {1, 2, 7}) {
        check(s, {2, height, 5, 19, 33, kernel, kernel, patch, patch, overlap, overlap});
        check(s, {1, 1, height, 8, 16, kernel, kernel, patch, patch, overlap, overlap, 0, 0, false});
        // Folded with a 3x3 convolution.
        check(s, {1, height, 3, 7, 9, kernel + 2, kernel + 2, patch, patch, overlap + 1, overlap + 1});
      }
    }
  }
}

TEST(convTransposeMatchesReferenceForAwkwardChannels) {
  Session s(3);
  for (int64_t inputs : {1, 3, 16, 31}) {
    for (int64_t outputs : {1, 7, 16, 17, 32, 33, 65}) check(s, {1, 3, 4, inputs, outputs, 4, 3, 2, 3, 1, 0, 1, 2});
  }
  check(s, {3, 4, 30, 16, 16, 6, 6, 4, 4, 1, 1});
  check(s, {0, 3, 3, 4, 4, 4, 4, 2, 2, 1, 1});
}

}  // namespace
