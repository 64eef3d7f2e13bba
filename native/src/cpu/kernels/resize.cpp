// SPDX-License-Identifier: Apache-2.0
// Another size by nearest, bilinear or bicubic sampling, or by the means of windows. For an output of C channels 8 C
// FLOP (bilinear) or 32 C (bicubic) and 4 C bytes written; every input pixel is read once from memory, the rest from
// caches: bound by memory, bicubic by arithmetic. Indices are made in f32, in torch's steps.
#include "channels.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

int64_t no_floats(const Resize2dArgs&) { return 0; }

int64_t tiles(const Resize2dArgs& args, int) { return args.batch * args.out_height; }

struct Axis {
  int64_t in, out;
  float step;
  bool align_corners;

  float source(int64_t place) const {
    const float at = static_cast<float>(place);
    return align_corners ? at * step : (at + 0.5f) * step - 0.5f;
  }
  int64_t inside(int64_t index) const { return index < 0 ? 0 : min(index, in - 1); }
};

// The samples of one output along an axis.
template <int Count>
struct Samples {
  int64_t at[Count];
  float weight[Count];
};

// Cubic convolution with a = -0.75, of a distance up to 1 and from 1 to 2.
inline float near_weight(float d) { return (1.25f * d - 2.25f) * d * d + 1.0f; }
inline float far_weight(float d) { return ((-0.75f * d + 3.75f) * d - 6.0f) * d + 3.0f; }

template <int Count>
inline Samples<Count> samples(const Axis& axis, int64_t place) {
  Samples<Count> s;
  if constexpr (Count == 1) {
    s = {{axis.inside(static_cast<int64_t>(floorf(static_cast<float>(place) * axis.step)))}, {1.0f}};
  } else if constexpr (Count == 2) {
    // Where nothing is resized the neighbour has no part: it may be NaN.
    const bool same = axis.in == axis.out && axis.step == 1.0f;
    const float source = same ? static_cast<float>(place) : max(axis.source(place), 0.0f);
    const int64_t first = axis.inside(static_cast<int64_t>(source));
    const float part = source - static_cast<float>(first), second = part < 1.0f ? part : 1.0f;
    s = {{first, axis.inside(same ? first : first + 1)}, {1.0f - second, second}};
  } else {
    const float source = axis.source(place), whole = floorf(source), part = source - whole;
    for (int i = 0; i < 4; ++i) s.at[i] = axis.inside(static_cast<int64_t>(whole) - 1 + i);
    s.weight[0] = far_weight(part + 1.0f);
    s.weight[1] = near_weight(part);
    s.weight[2] = near_weight(1.0f - part);
    s.weight[3] = far_weight(2.0f - part);
  }
  return s;
}

template <int Count>
void sample_row(const Resize2dArgs& args, const float* image, int64_t y, float* out) {
  const Axis rows{args.height, args.out_height, static_cast<float>(args.step_h), args.align_corners};
  const Axis columns{args.width, args.out_width, static_cast<float>(args.step_w), args.align_corners};
  const Samples<Count> down = samples<Count>(rows, y);
  const int64_t line = args.width * args.channels;
  for (int64_t x = 0; x < args.out_width; ++x, out += args.channels) {
    const Samples<Count> across = samples<Count>(columns, x);
    for_channels(args.channels, [&]<class V>(int64_t c) __attribute__((always_inline)) {
      V sum{};
#pragma GCC unroll 4
      for (int i = 0; i < Count; ++i) {
        const float* from = image + down.at[i] * line + c;
        V part{};
#pragma GCC unroll 4
        for (int k = 0; k < Count; ++k) part += across.weight[k] * get<V>(from + across.at[k] * args.channels);
        sum += down.weight[i] * part;
      }
      put(out + c, sum);
    });
  }
}

void nearest_row(const Resize2dArgs& args, const float* image, int64_t y, float* out) {
  const Axis rows{args.height, args.out_height, static_cast<float>(args.step_h), false};
  const Axis columns{args.width, args.out_width, static_cast<float>(args.step_w), false};
  const float* line = image + samples<1>(rows, y).at[0] * args.width * args.channels;
  for (int64_t x = 0; x < args.out_width; ++x, out += args.channels) {
    const float* from = line + samples<1>(columns, x).at[0] * args.channels;
    for_channels(args.channels,
                 [&]<class V>(int64_t c) __attribute__((always_inline)) { put(out + c, get<V>(from + c)); });
  }
}

void area_row(const Resize2dArgs& args, const float* image, int64_t y, float* out) {
  const int64_t top = y * args.height / args.out_height;
  const int64_t bottom = ((y + 1) * args.height + args.out_height - 1) / args.out_height;
  for (int64_t x = 0; x < args.out_width; ++x, out += args.channels) {
    const int64_t left = x * args.width / args.out_width;
    const int64_t right = ((x + 1) * args.width + args.out_width - 1) / args.out_width;
    const float count = static_cast<float>((bottom - top) * (right - left));
    for_channels(args.channels, [&]<class V>(int64_t c) __attribute__((always_inline)) {
      V sum{};
      for (int64_t row = top; row < bottom; ++row) {
        V part{};  // of a line: long sums lose less
        for (int64_t column = left; column < right; ++column) {
          part += get<V>(image + (row * args.width + column) * args.channels + c);
        }
        sum += part;
      }
      put(out + c, sum / count);
    });
  }
}

void tile(const Resize2dArgs& args, const TileContext&, int, int64_t index) {
  const int64_t y = index % args.out_height;
  const float* image = args.x + index / args.out_height * args.height * args.width * args.channels;
  float* out = args.out + index * args.out_width * args.channels;
  switch (args.mode) {
    case GATUN_RESIZE_NEAREST: return nearest_row(args, image, y, out);
    case GATUN_RESIZE_BILINEAR: return sample_row<2>(args, image, y, out);
    case GATUN_RESIZE_BICUBIC: return sample_row<4>(args, image, y, out);
    default: return area_row(args, image, y, out);
  }
}

}  // namespace

const TiledKernel<Resize2dArgs> kResize2d = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
