// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

struct Problem {
  int64_t batch, height, width, channels, kernel_h, kernel_w, stride_h, stride_w;

  int64_t out_height() const { return (height - kernel_h) / stride_h + 1; }
  int64_t out_width() const { return (width - kernel_w) / stride_w + 1; }
};

std::vector<float> reference(const Problem& p, const std::vector<float>& x) {
  std::vector<float> want;
  for (int64_t index = 0; index < p.batch * p.out_height() * p.out_width() * p.channels; ++index) {
    const int64_t c = index % p.channels, column = index / p.channels % p.out_width();
    const int64_t line = index / p.channels / p.out_width(), b = line / p.out_height(), y = line % p.out_height();
    float best = -INFINITY;
    for (int64_t dy = 0; dy < p.kernel_h; ++dy) {
      for (int64_t dx = 0; dx < p.kernel_w; ++dx) {
        const int64_t row = b * p.height + y * p.stride_h + dy;
        const float value = x[static_cast<size_t>((row * p.width + column * p.stride_w + dx) * p.channels + c)];
        if (std::isnan(value) || value > best) best = value;
        if (std::isnan(best)) break;
      }
      if (std::isnan(best)) break;
    }
    want.push_back(best);
  }
  return want;
}

void check(Session& s, const Problem& p, double missing = 0) {
  std::vector<float> values = Random(4).floats(p.batch * p.height * p.width * p.channels);
  Random chance(5);
  for (float& value : values) {
    if (chance.chance(missing)) value = NAN;
  }
  const Tensor x(s, {p.batch, p.height, p.width, p.channels}, values);
  const Tensor out(s, {p.batch, p.out_height(), p.out_width(), p.channels});
  OK(gatun_max_pool2d(s.stream, x, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, out, &err));
  CHECK(same_bits(out.floats(), reference(p, values)), p.height, p.width, p.channels, "kernel", p.kernel_h, p.kernel_w,
        "strides", p.stride_h, p.stride_w);
}

TEST(maxPoolMatchesReferenceForEveryKernelAndStride) {
  Session s(3);
  for (int64_t kernel_h : {1, 2, 3}) {
    for (int64_t kernel_w : {1, 2, 5}) {
      for (int64_t stride_h : {1, 2, 3}) {
        for (int64_t stride_w : {1, 2, 7}) check(s, {2, 5, 9, 6, kernel_h, kernel_w, stride_h, stride_w});
      }
    }
  }
  check(s, {1, 4, 6, 5, 4, 6, INT64_MAX, INT64_MAX});
  check(s, {0, 4, 6, 5, 2, 2, 2, 2});
}

TEST(maxPoolMatchesReferenceForAwkwardChannelsAndKeepsNan) {
  Session s(3);
  for (int64_t channels : {1, 3, 4, 16, 17, 33, 64}) {
    check(s, {1, 6, 7, channels, 2, 2, 2, 2});
    check(s, {1, 6, 7, channels, 3, 3, 1, 1}, 0.1);
  }
}

}  // namespace
