// SPDX-License-Identifier: Apache-2.0
// A 3x3 convolution of a large image with many channels by Winograd's F(4x4, 3x3): 4.5 I O FLOP a pixel in the place of
// 18. The weights are transformed in each call, which costs as much as a few hundred pixels of many, and no memory is
// kept for them: they are four times the plain ones. A group of images goes through three phases: its pixels to 36
// matrices, 36 products, these to pixels.
#pragma once

#include "winograd.h"

namespace gatun::cpu::GATUN_NS {

namespace {  // or the linker would be left copies of its functions to choose among

struct WinogradConv {
  static constexpr int64_t kFewChannels = 64, kFewTiles = 49, kGroupTiles = 192;
  static constexpr int64_t kPad = 16;  // floats between matrices, or a pixel's 36 would share few sets of the caches

  const Conv2dArgs& args;
  int64_t inputs, outputs, rows, columns, group, groups, all, pieces, piece;

  explicit WinogradConv(const Conv2dArgs& of)
      : args(of), inputs(of.weights->inputs), outputs(of.weights->outputs), rows((of.out_height + kStep - 1) / kStep),
        columns((of.out_width + kStep - 1) / kStep),
        group(min(of.batch, (kGroupTiles + rows * columns - 1) / (rows * columns))),
        groups((of.batch + group - 1) / group), all(group * rows * columns), piece(rows_of_tile(all)) {
    pieces = (all + piece - 1) / piece;
  }

  // A rule of the image alone: its result is the same in any batch.
  static bool serves(const Conv2dArgs& args) {
    const PackedWeights& w = packed(args.weights);
    const bool plain = w.kernel_h == 3 && w.kernel_w == 3 && args.stride_h == 1 && args.stride_w == 1 &&
                       args.dilation_h == 1 && args.dilation_w == 1;
    return w.winograd && plain && args.batch > 0 && w.inputs >= kFewChannels && w.outputs >= kFewChannels &&
           args.out_height / kStep * (args.out_width / kStep) >= kFewTiles;
  }

  int64_t weight_floats() const { return panels(outputs) * kPanel * inputs + kPad; }
  int64_t pixel_floats() const { return all * inputs + kPad; }
  int64_t product_floats() const { return all * outputs + kPad; }
  int64_t zero_floats() const { return (inputs + kPad - 1) / kPad * kPad; }
  int64_t shared_floats() const {
    return zero_floats() + kPoints * (weight_floats() + pixel_floats() + product_floats());
  }

  float* weights(float* shared) const { return shared + zero_floats(); }
  float* pixels(float* shared) const { return weights(shared) + kPoints * weight_floats(); }
  float* products(float* shared) const { return pixels(shared) + kPoints * pixel_floats(); }

  int phases() const { return static_cast<int>(1 + 3 * groups); }

  int64_t tiles(int phase) const {
    if (phase == 0) return panels(outputs);
    const int64_t images = min(group, args.batch - (phase - 1) / 3 * group);
    return (phase - 1) % 3 == 1 ? kPoints * pieces : images * rows;
  }

  void tile(float* shared, int phase, int64_t index) const {
    if (phase == 0) {
      if (index == 0) memset(shared, 0, sizeof(float) * static_cast<size_t>(zero_floats()));
      transform_panel(index, weights(shared));
      return;
    }
    const int64_t first = (phase - 1) / 3 * group, image = first + index / rows, row = index % rows;
    switch ((phase - 1) % 3) {
      case 0: return read_row(image, row, shared, pixels(shared) + index * columns * inputs);
      case 1: return multiply_piece(index / pieces, index % pieces * piece, min(group, args.batch - first), shared);
      default: return write_row(image, row, shared, products(shared) + index * columns * outputs);
    }
  }

 private:
  void transform_panel(int64_t panel, float* to) const {
    const float* from = packed(args.weights).packed + panel * 9 * inputs * kPanel;
    to += panel * inputs * kPanel;
    for (int64_t at = 0; at < inputs * kPanel; at += kWidth) {
      Vec half[kSide][3];
      for (int x = 0; x < 3; ++x) {
        Vec column[3], done[kSide];
#pragma GCC unroll 3
        for (int y = 0; y < 3; ++y) column[y] = load(from + (y * 3 + x) * inputs * kPanel + at);
        transform_weights(column, done);
#pragma GCC unroll 6
        for (int y = 0; y < kSide; ++y) half[y][x] = done[y];
      }
      for (int y = 0; y < kSide; ++y) {
        Vec done[kSide];
        transform_weights(half[y], done);
#pragma GCC unroll 6
        for (int x = 0; x < kSide; ++x) store(to + (y * kSide + x) * weight_floats() + at, done[x]);
      }
    }
  }

  void read_row(int64_t image, int64_t row, const float* zeros, float* to) const {
    const float* from = args.x + image * args.height * args.width * inputs;
    for (int64_t column = 0; column < columns; ++column, to += inputs) {
      gather(from, args.height, args.width, inputs, row * kStep - args.padding_h, column * kStep - args.padding_w,
             zeros, to, pixel_floats());
    }
  }

  void multiply_piece(int64_t point, int64_t first, int64_t images, float* shared) const {
    const int64_t count = min(piece, images * rows * columns - first);
    if (count <= 0) return;  // the last group may be smaller
    const auto a = rows_of<float>(pixels(shared) + point * pixel_floats() + first * inputs, count, inputs);
    StoreSink sink{products(shared) + point * product_floats() + first * outputs, outputs, outputs, nullptr,
                   GATUN_ACT_NONE, nullptr};
    product(a, count, weights(shared) + point * weight_floats(), outputs, sink);
  }

  // A row of Winograd tiles of the result from its products. A pixel that is not finite shows in all channels of some
  // place of its tiles, and the combinations spread it over their other places: such a tile is made anew.
  void write_row(int64_t image, int64_t row, const float* zeros, const float* from) const {
    const int64_t lines = min(kStep, args.out_height - row * kStep);
    for (int64_t column = 0; column < columns; ++column, from += outputs) {
      const int64_t wide = min(kStep, args.out_width - column * kStep);
      float* to = args.out + ((image * args.out_height + row * kStep) * args.out_width + column * kStep) * outputs;
      Vec apart = splat(0.0f);  // from 0 where one of the first channels is not finite
      for (int64_t o = 0; o < outputs; o += kWidth) {
        const int64_t rest = outputs - o;
        const Vec shift = args.bias != nullptr ? load_up_to(args.bias + o, rest) : splat(0.0f);
        Vec half[kStep][kSide];
        for (int x = 0; x < kSide; ++x) {
          Vec each[kSide], done[kStep];
#pragma GCC unroll 6
          for (int y = 0; y < kSide; ++y) each[y] = load_up_to(from + (y * kSide + x) * product_floats() + o, rest);
          transform_out(each, done);
#pragma GCC unroll 4
          for (int y = 0; y < kStep; ++y) half[y][x] = done[y];
        }
        for (int64_t y = 0; y < lines; ++y) {
          Vec done[kStep];
          transform_out(half[y], done);
          for (int64_t x = 0; o == 0 && x < wide; ++x) apart += done[x] - done[x];
          finish(done, shift, to + y * args.out_width * outputs + o, wide, rest);
        }
      }
      if (sum(apart) != 0) {
        for (int64_t y = 0; y < lines; ++y) {
          write_line(image, row * kStep + y, column * kStep, wide, zeros, to + y * args.out_width * outputs);
        }
      }
    }
  }

  // A line of a tile by the nine cells of the kernel.
  void write_line(int64_t image, int64_t y, int64_t first, int64_t wide, const float* zeros, float* to) const {
    const float* from = args.x + image * args.height * args.width * inputs;
    for (int64_t o = 0; o < outputs; o += kWidth) {
      const int64_t rest = outputs - o;
      Vec done[kStep];
      for (Vec& each : done) each = splat(0.0f);
      for (int64_t cell = 0; cell < 9; ++cell) {
        const int64_t line = y + cell / 3 - args.padding_h;
        const float* pixels[kStep];
        for (int64_t x = 0; x < kStep; ++x) {
          const int64_t column = first + x + cell % 3 - args.padding_w;
          const bool inside = line >= 0 && line < args.height && column >= 0 && column < args.width;
          pixels[x] = inside ? from + (line * args.width + column) * inputs : zeros;
        }
        const float* factors =
            packed(args.weights).packed + (o / kPanel * 9 + cell) * inputs * kPanel + o % kPanel;
        for (int64_t i = 0; i < inputs; ++i) {
          const Vec factor = load(factors + i * kPanel);
#pragma GCC unroll 4
          for (int x = 0; x < kStep; ++x) done[x] += splat(pixels[x][i]) * factor;
        }
      }
      finish(done, args.bias != nullptr ? load_up_to(args.bias + o, rest) : splat(0.0f), to + o, wide, rest);
    }
  }

  // Bias, activation, and the first `wide` pixels to memory.
  void finish(Vec (&done)[kStep], Vec shift, float* to, int64_t wide, int64_t rest) const {
#pragma GCC unroll 4
    for (int x = 0; x < kStep; ++x) done[x] += shift;
    finish_product(args.activation, done);
    for (int64_t x = 0; x < wide; ++x) store_up_to(to + x * outputs, done[x], rest);
  }
};

}  // namespace

}  // namespace gatun::cpu::GATUN_NS
