// SPDX-License-Identifier: Apache-2.0
// Patches as rows of a product, straight from the image: missing values become 0, validity is derived while loading.
#pragma once

#include "launch.h"

namespace gatun::cuda {

// x [batch, channels, time, height, width]; an element of a patch is [validity, channel, dt, dy, dx].
struct Pixels {
  const float* x;
  const uint8_t* mask;
  int64_t volume, plane;  // elements of a channel, of a day
  int channels, width, lines, columns, slots;  // the last three in patches: rows, columns, days
  int patch_t, patch_h, patch_w;
  int validity;
  float fill_value;

  explicit Pixels(const PatchEmbedArgs& args)
      : x(args.x), mask(args.mask), volume(args.time * args.height * args.width), plane(args.height * args.width),
        channels(static_cast<int>(args.channels)), width(static_cast<int>(args.width)),
        lines(static_cast<int>(args.height / args.patch_h)), columns(static_cast<int>(args.width / args.patch_w)),
        slots(static_cast<int>(args.time / args.patch_t)), patch_t(static_cast<int>(args.patch_t)),
        patch_h(static_cast<int>(args.patch_h)), patch_w(static_cast<int>(args.patch_w)), validity(args.validity),
        fill_value(args.fill_value) {}

  GATUN_BOTH int values() const { return channels * patch_t * patch_h * patch_w; }
  GATUN_BOTH int inputs() const { return validity == GATUN_VALIDITY_NONE ? values() : 2 * values(); }

  // Four neighbours lie in one line of a patch, and their addresses are aligned.
  bool in_fours() const {
    return patch_w % 4 == 0 && width % 4 == 0 && aligned(x) && reinterpret_cast<uintptr_t>(mask) % 4 == 0;
  }

  // Element 0 of a patch.
  GATUN_DEVICE int64_t origin(int64_t image, int64_t slot, int64_t line, int64_t column) const {
    return image * channels * volume + slot * patch_t * plane + line * patch_h * width + column * patch_w;
  }

  // From element 0 of the patch to element k < values().
  GATUN_DEVICE int64_t offset(int k) const {
    const int dx = k % patch_w, dy = k / patch_w % patch_h, rest = k / patch_w / patch_h;
    return rest / patch_t * volume + rest % patch_t * plane + static_cast<int64_t>(dy) * width + dx;
  }

  GATUN_DEVICE bool missing(float value, uint8_t flag) const {
    if (validity == GATUN_VALIDITY_MASK) return flag != 0;
    return validity == GATUN_VALIDITY_NAN ? value != value : validity == GATUN_VALIDITY_FILL && value == fill_value;
  }
};

// Left operand: the patches at `origins`, of each row, in shared memory (negative: none).
struct PixelSource {
  using Value = float;
  const Pixels& pixels;
  const int64_t* origins;

  GATUN_DEVICE float one(int row, int64_t k) const {
    const int values = pixels.values();
    if (origins[row] < 0 || k >= pixels.inputs()) return 0;
    const bool flags = k >= values;
    const int64_t at = origins[row] + pixels.offset(static_cast<int>(flags ? k - values : k));
    const float value = pixels.x[at];
    const bool gone = pixels.missing(value, pixels.mask != nullptr ? pixels.mask[at] : 0);
    return flags ? (gone ? 0.0f : 1.0f) : gone ? 0.0f : value;
  }

  GATUN_DEVICE Float4 four(int row, int64_t k) const {
    Float4 result{};
    const int values = pixels.values();
    if (origins[row] < 0 || k >= pixels.inputs()) return result;
    const bool flags = k >= values;
    const int64_t at = origins[row] + pixels.offset(static_cast<int>(flags ? k - values : k));
    if (!flags || pixels.mask == nullptr) result = *reinterpret_cast<const Float4*>(pixels.x + at);
    uint32_t mask = 0;
    if (pixels.mask != nullptr) mask = *reinterpret_cast<const uint32_t*>(pixels.mask + at);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const bool gone = pixels.missing(result.at[i], static_cast<uint8_t>(mask >> 8 * i));
      result.at[i] = flags ? (gone ? 0.0f : 1.0f) : gone ? 0.0f : result.at[i];
    }
    return result;
  }
};

}  // namespace gatun::cuda
