// SPDX-License-Identifier: Apache-2.0
// Channels-last images with a border of zeros, so that a convolution's taps need no test for the image's edge.
#pragma once

#include "gemm.h"

namespace gatun::cpu::GATUN_NS {

struct Border {
  int64_t height, width, channels;  // of the image; channels are counted in elements of the product
  int64_t top, bottom, left, right;

  bool empty() const { return top + bottom + left + right == 0; }
  int64_t rows() const { return top + height + bottom; }
  int64_t columns() const { return left + width + right; }
  int64_t row_floats() const { return columns() * channels; }
  int64_t image_floats() const { return rows() * row_floats(); }
};

// Writes row `row` (counted with the border) of a bordered image, of pixels with `inputs` floats.
template <class Element>
static inline void copy_row(const Border& b, const float* image, int64_t inputs, int64_t row, float* out) {
  float* to = out + row * b.row_floats();
  const bool inside = row >= b.top && row < b.top + b.height;
  if (!inside) {
    memset(to, 0, sizeof(float) * static_cast<size_t>(b.row_floats()));
    return;
  }
  memset(to, 0, sizeof(float) * static_cast<size_t>(b.left * b.channels));
  const float* from = image + (row - b.top) * b.width * inputs;
  if constexpr (kFactors<Element> == 1) {
    memcpy(to + b.left * b.channels, from, sizeof(float) * static_cast<size_t>(b.width * b.channels));
  } else {
    for (int64_t x = 0; x < b.width; ++x) {
      to_pairs(from + x * inputs, inputs, reinterpret_cast<Pair*>(to + (b.left + x) * b.channels));
    }
  }
  memset(to + (b.left + b.width) * b.channels, 0, sizeof(float) * static_cast<size_t>(b.right * b.channels));
}

// Whether a product takes the image as it is: no border is put around it, no pairs are made of it.
static inline bool takes_image(const gatun_weights* weights, const Border& b) {
  return b.empty() && weights->precision != GATUN_REDUCED;
}

// Inputs that a transposed convolution reads before and after an axis of `in` inputs to make `out` outputs.
static inline void reach(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, int64_t& before,
                         int64_t& after) {
  before = after = 0;
  for (int64_t phase = 0; phase < stride && phase < out; ++phase) {
    const GatherAxis axis(phase, kernel, stride, padding);
    const int64_t lowest = axis.offset(axis.taps - 1), highest = (out - 1 - phase) / stride + axis.base;
    if (-lowest > before) before = -lowest;
    if (highest - (in - 1) > after) after = highest - (in - 1);
  }
}

}  // namespace gatun::cpu::GATUN_NS
