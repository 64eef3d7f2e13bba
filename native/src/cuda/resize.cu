// SPDX-License-Identifier: Apache-2.0
// Another size by nearest, bilinear or bicubic sampling, or by the means of windows: 4 bytes written an element, every
// input pixel read once from memory and up to 16 times from caches, 8 (bilinear) or 32 (bicubic) FLOP an element: bound
// by memory. Indices are made in f32, in torch's steps.
#include "image_walk.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

struct Axis {
  int in, out;
  float step;
  bool align_corners;

  GATUN_DEVICE float source(int place) const {
    const float at = static_cast<float>(place);
    return align_corners ? at * step : (at + 0.5f) * step - 0.5f;
  }
  GATUN_DEVICE int inside(int64_t index) const {
    return index < 0 ? 0 : index < in ? static_cast<int>(index) : in - 1;
  }
  // Of the means of windows.
  GATUN_DEVICE int first(int place) const { return static_cast<int>(static_cast<int64_t>(place) * in / out); }
  GATUN_DEVICE int last(int place) const {
    return static_cast<int>(((static_cast<int64_t>(place) + 1) * in + out - 1) / out);
  }
};

// The samples of one output along an axis.
template <int Count>
struct Samples {
  int at[Count];
  float weight[Count];
};

// Cubic convolution with a = -0.75, of a distance up to 1 and from 1 to 2.
GATUN_DEVICE float near_weight(float d) { return (1.25f * d - 2.25f) * d * d + 1.0f; }
GATUN_DEVICE float far_weight(float d) { return ((-0.75f * d + 3.75f) * d - 6.0f) * d + 3.0f; }

template <int Count>
GATUN_DEVICE Samples<Count> samples(const Axis& axis, int place) {
  Samples<Count> s;
  if constexpr (Count == 1) {
    s = {{axis.inside(static_cast<int64_t>(floorf(static_cast<float>(place) * axis.step)))}, {1.0f}};
  } else if constexpr (Count == 2) {
    // Where nothing is resized the neighbour has no part: it may be NaN.
    const bool same = axis.in == axis.out && axis.step == 1.0f;
    const float source = same ? static_cast<float>(place) : fmaxf(axis.source(place), 0.0f);
    const int first = axis.inside(static_cast<int64_t>(source));
    const float second = fminf(source - static_cast<float>(first), 1.0f);
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

template <class Word>
struct Problem {
  ImageWalk walk;
  Axis rows, columns;
  int32_t mode;
  const Word* x;
  Word* out;

  GATUN_DEVICE Word at(const ImagePlace& place, int y, int column) const {
    return x[((place.image * rows.in + y) * columns.in + column) * walk.words + place.word];
  }

  template <int Count>
  GATUN_DEVICE Word sampled(const ImagePlace& place) const {
    const Samples<Count> down = samples<Count>(rows, place.y), across = samples<Count>(columns, place.x);
    if constexpr (Count == 1) {
      return at(place, down.at[0], across.at[0]);
    } else {
      Word sum{};
#pragma unroll
      for (int i = 0; i < Count; ++i) {
        Word part{};
#pragma unroll
        for (int k = 0; k < Count; ++k) add_scaled(part, across.weight[k], at(place, down.at[i], across.at[k]));
        add_scaled(sum, down.weight[i], part);
      }
      return sum;
    }
  }

  GATUN_DEVICE Word mean(const ImagePlace& place) const {
    const int top = rows.first(place.y), bottom = rows.last(place.y);
    const int left = columns.first(place.x), right = columns.last(place.x);
    const float share = 1.0f / (static_cast<float>(bottom - top) * static_cast<float>(right - left));
    Word sum{};
    for (int y = top; y < bottom; ++y) {
      Word part{};  // of a line: long sums lose less
      for (int column = left; column < right; ++column) add_scaled(part, 1.0f, at(place, y, column));
      add_scaled(sum, share, part);
    }
    return sum;
  }
};

template <class Word>
GATUN_KERNEL(kWalkThreads) resize_words(Problem<Word> p) {
  const int64_t index = ImageWalk::index();
  if (index >= p.walk.count) return;
  const ImagePlace place = p.walk.place(index);
  switch (p.mode) {
    case GATUN_RESIZE_NEAREST: p.out[index] = p.template sampled<1>(place); break;
    case GATUN_RESIZE_BILINEAR: p.out[index] = p.template sampled<2>(place); break;
    case GATUN_RESIZE_BICUBIC: p.out[index] = p.template sampled<4>(place); break;
    default: p.out[index] = p.mean(place);
  }
}

}  // namespace

gatun_status resize2d(gatun_stream* stream, const Resize2dArgs& args, gatun_error* error) {
  return guard(error, [&] {
    want_image("resize2d", args.batch, args.height, args.width);
    want_image("resize2d", args.batch, args.out_height, args.out_width);
    const Axis rows{static_cast<int>(args.height), static_cast<int>(args.out_height), static_cast<float>(args.step_h),
                    args.align_corners};
    const Axis columns{static_cast<int>(args.width), static_cast<int>(args.out_width), static_cast<float>(args.step_w),
                       args.align_corners};
    with_word(args.channels, args.x, args.out, [&]<class Word>(Word, int64_t words) {
      const Problem<Word> problem{ImageWalk(args.batch, args.out_height, args.out_width, words), rows, columns,
                                  args.mode, reinterpret_cast<const Word*>(args.x), reinterpret_cast<Word*>(args.out)};
      launch(stream, "resize2d", resize_words<Word>, problem.walk.grid(), kWalkThreads, 0, problem);
    });
  });
}

}  // namespace gatun::cuda
