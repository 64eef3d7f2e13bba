// SPDX-License-Identifier: Apache-2.0
// Convolutions as products without an unfolded copy: row r of the product is an output pixel, its elements are the
// inputs of the pixels it draws on, tap after tap.
#pragma once

#include "lane.h"

namespace gatun::cuda {

// Where an output pixel's first tap lies in the image.
struct alignas(16) Place {
  int32_t image, y, x;

  // Draws on nothing.
  GATUN_DEVICE static Place nowhere() { return {0, -(1 << 30), 0}; }
};

// Left operand of a product: x [images, height, width, inputs], taps some steps of pixels apart, which may be negative.
struct GatherSource {
  using Value = float;
  const float* x;
  const Place* places;  // of the tile's rows, in shared memory
  int height, width, inputs, taps_across, step_h, step_w;
  int64_t depth;  // taps * inputs

  struct Column {
    int dy, dx, input;  // input < 0: none
  };

  GATUN_DEVICE Column column(int64_t k) const {
    if (k >= depth) return {0, 0, -1};
    const auto tap = static_cast<int>(static_cast<uint32_t>(k) / static_cast<uint32_t>(inputs));
    return {step_h * (tap / taps_across), step_w * (tap % taps_across),
            static_cast<int>(k - static_cast<int64_t>(tap) * inputs)};
  }

  GATUN_DEVICE const float* at(int row, const Column& column) const {
    const Place place = places[row];
    const int y = place.y + column.dy, px = place.x + column.dx;
    if (column.input < 0 || y < 0 || y >= height || px < 0 || px >= width) return nullptr;
    return x + ((static_cast<int64_t>(place.image) * height + y) * width + px) * inputs + column.input;
  }
};

}  // namespace gatun::cuda
