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

// Left operand of a product: x [images, height, width, inputs], taps `step` (1 or -1) pixels apart.
struct GatherSource {
  using Value = float;
  const float* x;
  const Place* places;  // of the tile's rows, in shared memory
  int height, width, inputs, taps_across, step;
  int64_t depth;  // taps * inputs

  GATUN_DEVICE const float* at(int row, int64_t k) const {
    if (k >= depth) return nullptr;
    const auto tap = static_cast<int>(static_cast<uint32_t>(k) / static_cast<uint32_t>(inputs));
    const Place place = places[row];
    const int y = place.y + step * (tap / taps_across), px = place.x + step * (tap % taps_across);
    if (y < 0 || y >= height || px < 0 || px >= width) return nullptr;
    return x + ((static_cast<int64_t>(place.image) * height + y) * width + px) * inputs + (k - tap * inputs);
  }
};

}  // namespace gatun::cuda
