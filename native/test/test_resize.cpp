// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include <map>

namespace {

struct Problem {
  int64_t batch, height, width, channels, out_height, out_width;
  int32_t mode, align_corners = 0;
  double scale_h = 0, scale_w = 0;

  std::string text() const {
    return named("resize2d", batch, height, width, channels, "to", out_height, out_width, "mode", mode, "align_corners",
                 align_corners, "scales", scale_h, scale_w);
  }
};

// Share of each input pixel in one output, and how much the rounding of indices may change it.
struct Row {
  std::map<int64_t, double> shares;
  double slack = 0;
};

double cubic(double d) {
  const double a = -0.75;
  d = std::fabs(d);
  return d <= 1 ? (a + 2) * d * d * d - (a + 3) * d * d + 1 : d < 2 ? a * (d * d * d - 5 * d * d + 8 * d - 4) : 0;
}

Row row_of(const Problem& p, int64_t in, int64_t out, double scale, int64_t place) {
  Row row;
  const auto inside = [&](int64_t at) { return std::clamp<int64_t>(at, 0, in - 1); };
  if (p.mode == GATUN_RESIZE_AREA) {
    const int64_t first = place * in / out, last = ((place + 1) * in + out - 1) / out;
    for (int64_t at = first; at < last; ++at) row.shares[at] = 1.0 / static_cast<double>(last - first);
    return row;
  }
  float step = scale > 0 ? static_cast<float>(1 / scale) : static_cast<float>(in) / static_cast<float>(out);
  if (p.align_corners) step = out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1) : 0;
  if (p.mode == GATUN_RESIZE_NEAREST) {
    row.shares[inside(static_cast<int64_t>(std::floor(static_cast<float>(place) * step)))] = 1;
    return row;
  }
  double source = p.align_corners ? static_cast<double>(place) * step : (static_cast<double>(place) + 0.5) * step - 0.5;
  row.slack = 8 * kUlp * (std::fabs(source) + 1);
  if (p.mode == GATUN_RESIZE_BILINEAR) {
    source = std::clamp(source, 0.0, static_cast<double>(in - 1));
    const auto first = static_cast<int64_t>(source);
    const double part = source - static_cast<double>(first);
    row.shares[first] += 1 - part;
    row.shares[inside(first + 1)] += part;
    return row;
  }
  const auto first = static_cast<int64_t>(std::floor(source));
  for (int64_t at = first - 1; at <= first + 2; ++at) row.shares[inside(at)] += cubic(source - static_cast<double>(at));
  return row;
}

std::vector<Expected> reference(const Problem& p, const std::vector<float>& x) {
  std::vector<Expected> want;
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int64_t y = 0; y < p.out_height; ++y) {
      const Row down = row_of(p, p.height, p.out_height, p.scale_h, y);
      for (int64_t column = 0; column < p.out_width; ++column) {
        const Row across = row_of(p, p.width, p.out_width, p.scale_w, column);
        for (int64_t c = 0; c < p.channels; ++c) {
          Sum sum;
          for (const auto& [from_y, share_y] : down.shares) {
            for (const auto& [from_x, share_x] : across.shares) {
              const int64_t at = ((b * p.height + from_y) * p.width + from_x) * p.channels + c;
              sum.add(share_y * share_x * x[static_cast<size_t>(at)]);
            }
          }
          // Slopes of the weights are at most 2, the numbers at most 1, four to a side.
          Expected value = sum.expected();
          if (p.mode == GATUN_RESIZE_NEAREST) value.tolerance = 0;
          value.tolerance += 16 * (down.slack + across.slack);
          want.push_back(value);
        }
      }
    }
  }
  return want;
}

void check(Session& s, const Problem& p) {
  const Tensor x = random_tensor(s, {p.batch, p.height, p.width, p.channels}, 5);
  const Tensor out(s, {p.batch, p.out_height, p.out_width, p.channels});
  OK(gatun_resize2d(s.stream, x, p.mode, p.align_corners, p.scale_h, p.scale_w, out, &err));
  compare(out.floats(), reference(p, x.floats()), p.text());
}

constexpr int32_t kModes[] = {GATUN_RESIZE_NEAREST, GATUN_RESIZE_BILINEAR, GATUN_RESIZE_BICUBIC, GATUN_RESIZE_AREA};

TEST(resizeMatchesReferenceForEveryModeAndSize) {
  Session s(3);
  for (int32_t mode : kModes) {
    const bool smooth = mode == GATUN_RESIZE_BILINEAR || mode == GATUN_RESIZE_BICUBIC;
    for (int32_t align_corners = 0; align_corners <= (smooth ? 1 : 0); ++align_corners) {
      for (const auto& [in, out] : std::vector<std::pair<int64_t, int64_t>>{
               {4, 8}, {8, 4}, {5, 5}, {3, 10}, {10, 3}, {1, 4}, {7, 1}, {6, 7}, {13, 5}}) {
        check(s, {2, in, 5, 3, out, 9, mode, align_corners});
        check(s, {1, 4, in, 4, 6, out, mode, align_corners});
      }
    }
  }
}

TEST(resizeTakesTheScaleAsItIsGiven) {
  Session s;
  for (int32_t mode : {GATUN_RESIZE_NEAREST, GATUN_RESIZE_BILINEAR, GATUN_RESIZE_BICUBIC}) {
    check(s, {1, 5, 7, 4, 13, 11, mode, 0, 2.6, 1.6});
    check(s, {1, 9, 10, 2, 4, 3, mode, 0, 0.5, 0.33});
    check(s, {1, 5, 5, 2, 5, 5, mode, 0, 1.1, 1.15});
    check(s, {1, 3, 3, 1, 9, 2, mode, 0, 1.5, 0});  // beyond the image its border is repeated
  }
  check(s, {1, 5, 7, 4, 13, 11, GATUN_RESIZE_BILINEAR, 1, 2.6, 1.6});
}

TEST(resizeMatchesReferenceForAwkwardChannels) {
  Session s(3);
  for (int32_t mode : kModes) {
    for (int64_t channels : {1, 2, 7, 16, 17, 33, 64}) check(s, {1, 6, 5, channels, 8, 11, mode});
    check(s, {0, 6, 5, 4, 8, 11, mode});
    check(s, {2, 6, 5, 0, 8, 11, mode});
  }
}

TEST(resizeThatChangesNothingKeepsNanInItsPixel) {
  Session s;
  std::vector<float> values = Random(3).floats(4 * 5 * 2);
  values[17] = NAN;
  const Tensor x(s, {1, 4, 5, 2}, values), out(s, {1, 4, 5, 2});
  for (int32_t mode : {GATUN_RESIZE_NEAREST, GATUN_RESIZE_BILINEAR, GATUN_RESIZE_AREA}) {
    OK(gatun_resize2d(s.stream, x, mode, 0, 0, 0, out, &err));
    CHECK(same_bits(out.floats(), x.floats()), "mode", mode);
  }
}

}  // namespace
