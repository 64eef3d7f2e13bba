// SPDX-License-Identifier: Apache-2.0
// Convolution, and the decoder's last step.
#include "fixture.h"

namespace {

struct Problem {
  int64_t batch, height, width, inputs, outputs, kernel_h, kernel_w;
  gatun_conv2d_options window;
  int32_t activation = GATUN_ACT_NONE;
  bool with_bias = true;

  int64_t out_height() const {
    return (height + 2 * window.padding_h - window.dilation_h * (kernel_h - 1) - 1) / window.stride_h + 1;
  }
  int64_t out_width() const {
    return (width + 2 * window.padding_w - window.dilation_w * (kernel_w - 1) - 1) / window.stride_w + 1;
  }
  std::string text() const {
    return named("conv2d", batch, height, width, inputs, outputs, "kernel", kernel_h, kernel_w, "padding",
                 window.padding_h, window.padding_w, "stride", window.stride_h, window.stride_w, "dilation",
                 window.dilation_h, window.dilation_w, "activation", activation);
  }
};

std::vector<Expected> reference(const Problem& p, const std::vector<float>& x, const std::vector<float>& weight,
                                const std::vector<float>& bias, double winograd) {
  std::vector<Expected> want;
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int64_t y = 0; y < p.out_height(); ++y) {
      for (int64_t column = 0; column < p.out_width(); ++column) {
        for (int64_t o = 0; o < p.outputs; ++o) {
          Sum sum;
          for (int64_t ky = 0; ky < p.kernel_h; ++ky) {
            for (int64_t kx = 0; kx < p.kernel_w; ++kx) {
              const int64_t from_y = y * p.window.stride_h + ky * p.window.dilation_h - p.window.padding_h;
              const int64_t from_x = column * p.window.stride_w + kx * p.window.dilation_w - p.window.padding_w;
              if (from_y < 0 || from_y >= p.height || from_x < 0 || from_x >= p.width) continue;
              for (int64_t i = 0; i < p.inputs; ++i) {
                sum.add(static_cast<double>(
                            x[static_cast<size_t>(((b * p.height + from_y) * p.width + from_x) * p.inputs + i)]) *
                        weight[static_cast<size_t>(((o * p.inputs + i) * p.kernel_h + ky) * p.kernel_w + kx)]);
              }
            }
          }
          if (p.with_bias) sum.add(bias[static_cast<size_t>(o)]);
          const auto [value, tolerance] = sum.expected();
          want.push_back(finished(p.activation, {value, winograd * tolerance}));
        }
      }
    }
  }
  return want;
}

void check(Session& s, const Problem& p, double winograd = 1) {
  Random random(static_cast<uint64_t>(p.height * 100 + p.width));
  const Tensor x(s, {p.batch, p.height, p.width, p.inputs}, random.floats(p.batch * p.height * p.width * p.inputs));
  const Tensor weight = random_tensor(s, {p.outputs, p.inputs, p.kernel_h, p.kernel_w}, 9);
  const Tensor bias = random_tensor(s, {p.outputs}, 10), out(s, {p.batch, p.out_height(), p.out_width(), p.outputs});
  const Weights weights = conv2d_weights(s, weight);
  OK(gatun_conv2d(s.stream, x, weights, p.with_bias ? &bias.view : nullptr, &p.window, p.activation, out, &err));
  compare(out.floats(), reference(p, x.floats(), weight.floats(), bias.floats(), winograd), p.text());
}

TEST(conv2dMatchesReferenceForEveryKernelAndPadding) {
  Session s(3);
  for (int64_t kernel_h : {1, 2, 3, 5}) {
    for (int64_t kernel_w : {1, 3, 4}) {
      for (int64_t padding = 0; padding < std::min(kernel_h, kernel_w); ++padding) {
        for (int64_t height : {1, 2, 7}) {
          const Problem p{2, height, 6, 5, 9, kernel_h, kernel_w, same_window(padding)};
          if (height + 2 * padding >= kernel_h) check(s, p);
        }
      }
    }
  }
}

TEST(conv2dMatchesReferenceForAwkwardChannelsAndWidths) {
  Session s(3);
  const gatun_conv2d_options one = same_window(1);
  for (int64_t outputs : {1, 7, 16, 17, 32, 33, 64}) check(s, {1, 5, 7, 13, outputs, 3, 3, one, GATUN_ACT_GELU});
  for (int64_t inputs : {1, 2, 16, 31, 64}) check(s, {1, 4, 5, inputs, 10, 3, 3, one, GATUN_ACT_GELU, false});
  for (int64_t width : {1, 2, 6, 12, 13, 25, 64, 101}) check(s, {1, 3, width, 4, 18, 3, 3, one});
  check(s, {2, 20, 21, 32, 32, 1, 1, same_window(0), GATUN_ACT_GELU});
  check(s, {0, 4, 4, 4, 4, 3, 3, one});
}

TEST(conv2dMatchesReferenceForEveryStrideAndDilation) {
  Session s(3);
  for (int64_t stride_h : {1, 2, 3}) {
    for (int64_t stride_w : {1, 2, 5}) {
      for (int64_t dilation_h : {1, 2}) {
        for (int64_t dilation_w : {1, 3}) {
          for (const auto& [padding_h, padding_w] : {std::pair<int64_t, int64_t>{0, 0}, {1, 0}, {2, 3}}) {
            if (padding_h > 2 * dilation_h || padding_w > 2 * dilation_w) continue;
            const gatun_conv2d_options window{sizeof window, stride_h,   stride_w,  padding_h,
                                              padding_w,     dilation_h, dilation_w};
            check(s, {2, 7, 13, 4, 18, 3, 3, window, GATUN_ACT_RELU});
          }
        }
      }
    }
  }
}

TEST(conv2dTakesLargeKernelsStridesAndDilations) {
  Session s(3);
  check(s, {1, 20, 21, 3, 5, 7, 7, same_window(3, 2)});           // a network's first layer
  check(s, {2, 9, 8, 5, 20, 1, 1, same_window(0, 2)});            // its shortcuts
  check(s, {1, 33, 30, 8, 8, 3, 3, same_window(12, 1, 12)});      // a pyramid of dilations
  check(s, {3, 5, 6, 8, 8, 2, 2, same_window(0, 2)});             // a border that no window reaches
  check(s, {1, 3, 3, 4, 4, 3, 3, same_window(0, INT64_MAX)});     // a stride without effect: one output
  check(s, {1, 3, 4, 4, 4, 1, 1, same_window(0, 1, INT64_MAX)});  // a dilation without effect: one cell
  check(s, {1, 19, 17, 2, 3, 16, 16, same_window(3)});
}

// A pixel that is not finite reaches the nine around it and no other, in Winograd's form too.
TEST(conv2dKeepsWhatIsNotFiniteInItsPixels) {
  Session s(3);
  const int64_t height = emulated() ? 9 : 29, width = emulated() ? 7 : 30, channels = 64;
  const Problem p{1, height, width, channels, channels, 3, 3, same_window(1)};
  Random random(5);
  const std::vector<float> clean = random.floats(height * width * channels);
  const Tensor weight = random_tensor(s, {channels, channels, 3, 3}, 9), bias = random_tensor(s, {channels}, 10);
  const Weights weights = conv2d_weights(s, weight);
  const Tensor out(s, {1, height, width, channels});
  const std::vector<Expected> want = reference(p, clean, weight.floats(), bias.floats(), 12);
  const std::vector<float> w = weight.floats();
  for (const auto& [row, column] : {std::pair<int64_t, int64_t>{4, 4}, {6, 3}, {0, width - 1}, {height - 1, 1}}) {
    for (float held : {NAN, INFINITY, -INFINITY}) {
      std::vector<float> in = clean;
      const int64_t channel = 3;
      in[static_cast<size_t>((row * width + column) * channels + channel)] = held;
      const Tensor x(s, {1, height, width, channels}, in);
      OK(gatun_conv2d(s.stream, x, weights, bias, &p.window, GATUN_ACT_NONE, out, &err));
      const std::vector<float> got = out.floats();
      for (int64_t i = 0; i < height * width * channels; ++i) {
        const int64_t y = i / channels / width, column_of = i / channels % width, o = i % channels;
        const int64_t down = row - y + 1, right = column - column_of + 1;
        const auto [value, tolerance] = want[static_cast<size_t>(i)];
        const float result = got[static_cast<size_t>(i)];
        const bool near = down >= 0 && down < 3 && right >= 0 && right < 3;
        const bool same =
            !near ? std::fabs(result - value) <= tolerance
            : std::isnan(held)
                ? std::isnan(result)
                : result == held * w[static_cast<size_t>((o * channels + channel) * 9 + down * 3 + right)];
        REQUIRE(same, held, "at", row, column, "gave", result, "at", y, column_of, o);
      }
    }
  }
}

// Cut by channels of the result, and by lines too.
TEST(conv2dOfSmallMapsMatchesReference) {
  Session s;
  check(s, {2, 14, 13, 40, 70, 3, 3, same_window(1), GATUN_ACT_GELU});
  check(s, {1, 40, 20, 24, 50, 3, 3, same_window(1)});
  check(s, {1, 29, 27, 40, 33, 3, 3, same_window(1, 2), GATUN_ACT_RELU, false});
}

// Large images with many channels take Winograd's form, whose rounding error is some ten times that of the plain sum.
TEST(conv2dOfManyChannelsMatchesReference) {
  if (device_kind() != GATUN_CPU) throw check::Skip{"Winograd is the CPU's"};
  Session s(3);
  check(s, {1, 29, 30, 64, 65, 3, 3, same_window(1), GATUN_ACT_GELU}, 12);
  check(s, {1, 30, 33, 70, 64, 3, 3, same_window(0), GATUN_ACT_NONE, false}, 12);
  check(s, {1, 28, 26, 67, 80, 3, 3, same_window(2), GATUN_ACT_RELU}, 12);
  check(s, {6, 28, 28, 64, 64, 3, 3, same_window(1)}, 12);  // more images than are transformed together
}

TEST(conv2dGivesAnImageTheSameBitsInAnyBatchForAnyNumberOfThreads) {
  const int64_t side = 28, channels = 64, image = side * side * channels;
  const std::vector<float> in = Random(11).floats(6 * image);
  const auto run = [&](int64_t threads, int64_t first, int64_t batch) {
    Session s(threads);
    const Tensor weight = random_tensor(s, {channels, channels, 3, 3}, 9), bias = random_tensor(s, {channels}, 10);
    const Tensor x(s, {batch, side, side, channels},
                   std::vector<float>(in.begin() + first * image, in.begin() + (first + batch) * image));
    const Tensor out(s, {batch, side, side, channels});
    const Weights weights = conv2d_weights(s, weight);
    const gatun_conv2d_options window = same_window(1);
    OK(gatun_conv2d(s.stream, x, weights, &bias.view, &window, GATUN_ACT_NONE, out, &err));
    return out.floats();
  };
  std::vector<float> alone;
  for (int64_t b = 0; b < 6; ++b) {
    const std::vector<float> one = run(1, b, 1);
    alone.insert(alone.end(), one.begin(), one.end());
  }
  CHECK(same_bits(run(3, 0, 6), alone));
}

void check_map_head(Session& s, const Shape& shape, bool with_land) {
  const int64_t months = shape[1], pixels = shape[2] * shape[3], channels = shape[4];
  const Tensor x = random_tensor(s, shape, 1), weight = random_tensor(s, {channels}, 2);
  const Tensor bias = random_tensor(s, {1}, 3);
  const Tensor scale = random_tensor(s, {months}, 4, 5), shift = random_tensor(s, {months}, 5, 300);
  const Tensor land(s, {shape[0], shape[2], shape[3]}, Random(6).flags(shape[0] * pixels, 0.4), GATUN_BOOL);
  const Tensor out(s, {shape[0], months, shape[2], shape[3]});
  OK(gatun_map_head(s.stream, x, weight, bias, scale, shift, with_land ? &land.view : nullptr, out, &err));
  const std::vector<float> in = x.floats(), w = weight.floats(), b = bias.floats();
  const std::vector<float> a = scale.floats(), c = shift.floats();
  const std::vector<uint8_t> dry = land.read<uint8_t>();
  std::vector<Expected> want;
  for (int64_t index = 0; index < shape[0] * months * pixels; ++index) {
    const int64_t batch = index / (months * pixels), month = index / pixels % months;
    if (with_land && dry[static_cast<size_t>(batch * pixels + index % pixels)] != 0) {
      want.push_back({0, 0});
      continue;
    }
    Sum sum;
    for (int64_t i = 0; i < channels; ++i) {
      sum.add(static_cast<double>(in[static_cast<size_t>(index * channels + i)]) * w[static_cast<size_t>(i)]);
    }
    sum.add(b[0]);
    const double factor = a[static_cast<size_t>(month)], added = c[static_cast<size_t>(month)];
    want.push_back({sum.value * factor + added, sum.expected().tolerance * std::fabs(factor) +
                                                    2 * kUlp * (std::fabs(sum.value * factor) + std::fabs(added))});
  }
  compare(out.floats(), want, named("map_head", shape[0], shape[1], shape[2], shape[3], shape[4]));
}

TEST(mapHeadMatchesReference) {
  Session s(3);
  for (int64_t channels : {1, 5, 8, 16, 17, 33, 128}) {
    check_map_head(s, {2, 3, 5, 7, channels}, true);
    check_map_head(s, {1, 1, 1, 1, channels}, false);
  }
  check_map_head(s, {1, 12, 3, 101, 9}, true);
  check_map_head(s, {0, 2, 3, 4, 5}, true);
  check_map_head(s, {int64_t{1} << 40, 1, 1, 0, 1}, true);
}

TEST(mapHeadNeverUsesLand) {
  Session s;
  std::vector<float> in = Random(1).floats(4 * 3);
  in[4] = NAN;
  const Tensor x(s, {1, 1, 2, 2, 3}, in), weight = random_tensor(s, {3}, 2), one = random_tensor(s, {1}, 3);
  const Tensor land(s, {1, 2, 2}, std::vector<uint8_t>{0, 1, 0, 0}, GATUN_BOOL), out(s, {1, 1, 2, 2});
  OK(gatun_map_head(s.stream, x, weight, one, one, one, land, out, &err));
  const std::vector<float> got = out.floats();
  CHECK(got[1] == 0 && !std::signbit(got[1]), got[1]);
  for (float value : got) CHECK(std::isfinite(value));
}

}  // namespace
