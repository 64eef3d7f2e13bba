// SPDX-License-Identifier: Apache-2.0
// Patches as rows of a product, straight from the image: missing values become 0, validity is derived and packed values
// are unpacked while loading. Each load looks at the stored type, the same for all threads: one kernel serves all.
#pragma once

#include "launch.h"

namespace gatun::cuda {

// x [batch, channels, time, height, width]; an element of a patch is [validity, channel, dt, dy, dx].
struct Pixels {
  const void* x;
  const uint8_t* mask;
  int64_t volume, plane;  // elements of a channel, of a day
  int channels, width, lines, columns, slots;  // the last three in patches: rows, columns, days
  int patch_t, patch_h, patch_w;
  int validity, dtype;
  float fill_value, scale, shift;  // a value is stored * scale + shift

  explicit Pixels(const PatchEmbedArgs& args)
      : x(args.x), mask(args.mask), volume(args.time * args.height * args.width), plane(args.height * args.width),
        channels(static_cast<int>(args.channels)), width(static_cast<int>(args.width)),
        lines(static_cast<int>(args.height / args.patch_h)), columns(static_cast<int>(args.width / args.patch_w)),
        slots(static_cast<int>(args.time / args.patch_t)), patch_t(static_cast<int>(args.patch_t)),
        patch_h(static_cast<int>(args.patch_h)), patch_w(static_cast<int>(args.patch_w)), validity(args.validity),
        dtype(args.x_dtype), fill_value(args.fill_value), scale(args.scale), shift(args.offset) {}

  GATUN_BOTH int values() const { return channels * patch_t * patch_h * patch_w; }
  GATUN_BOTH int inputs() const { return validity == GATUN_VALIDITY_NONE ? values() : 2 * values(); }

  // Four neighbours lie in one line of a patch, and their addresses are aligned.
  bool in_fours() const {
    return patch_w % 4 == 0 && width % 4 == 0 && reinterpret_cast<uintptr_t>(x) % (dtype == GATUN_F32 ? 16 : 8) == 0 &&
           reinterpret_cast<uintptr_t>(mask) % 4 == 0;
  }

  // Element 0 of a patch.
  GATUN_DEVICE int64_t origin(int64_t image, int64_t slot, int64_t line, int64_t column) const {
    return image * channels * volume + slot * patch_t * plane + line * patch_h * width + column * patch_w;
  }

  // From element 0 of the patch to element k < values().
  GATUN_APART int64_t offset(int k) const {
    const int dx = k % patch_w, dy = k / patch_w % patch_h, rest = k / patch_w / patch_h;
    return rest / patch_t * volume + rest % patch_t * plane + static_cast<int64_t>(dy) * width + dx;
  }

  // A stored number of 16 bits, without a branch: the bits of a bf16 are the upper half of an f32's; an int16, its sign
  // flipped, counts units behind 2^23.
  GATUN_DEVICE float narrow(uint32_t bits) const {
    const bool integer = dtype == GATUN_I16;
    return as_float((bits << (integer ? 0 : 16)) ^ (integer ? 0x4b008000u : 0u)) - (integer ? 8421376.0f : 0.0f);
  }

  // Stored numbers, one and four.
  GATUN_DEVICE float load(int64_t at) const {
    return dtype == GATUN_F32 ? static_cast<const float*>(x)[at] : narrow(static_cast<const uint16_t*>(x)[at]);
  }
  GATUN_DEVICE Float4 load4(int64_t at) const {
    if (dtype == GATUN_F32) return *reinterpret_cast<const Float4*>(static_cast<const float*>(x) + at);
    const Float2 pairs = *reinterpret_cast<const Float2*>(static_cast<const uint16_t*>(x) + at);
    const uint32_t low = as_bits(pairs.at[0]), high = as_bits(pairs.at[1]);
    return {{narrow(low & 0xffff), narrow(low >> 16), narrow(high & 0xffff), narrow(high >> 16)}};
  }

  // What goes into the product. Selections in the place of branches: between those, loads would wait for each other.
  GATUN_DEVICE float element(bool here, float stored, uint8_t flag, bool flags) const {
    const bool masked = (validity == GATUN_VALIDITY_MASK) & (flag != 0);
    const bool undefined = (validity == GATUN_VALIDITY_NAN) & (stored != stored);
    const bool filled = (validity == GATUN_VALIDITY_FILL) & (stored == fill_value);
    const float value = stored * scale + shift;
    return !here | masked | undefined | filled ? 0.0f : flags ? 1.0f : value;
  }
};

// Left operand: the patches at `origins`, of each row, in shared memory (negative: none).
struct PixelSource {
  using Value = float;
  const Pixels& pixels;
  const int64_t* origins;

  struct Column {
    int64_t offset;  // from element 0 of the patch; negative: none
    bool flags;      // the validity channels
  };

  GATUN_DEVICE Column column(int64_t k) const {
    if (k >= pixels.inputs()) return {-1, false};
    const int values = pixels.values();
    const bool flags = k >= values;
    return {pixels.offset(static_cast<int>(flags ? k - values : k)), flags};
  }

  GATUN_DEVICE bool here(int row, const Column& column) const { return origins[row] >= 0 && column.offset >= 0; }

  GATUN_DEVICE float one(int row, const Column& column) const {
    if (!here(row, column)) return 0;
    const int64_t at = origins[row] + column.offset;
    return pixels.element(true, pixels.load(at), pixels.mask != nullptr ? pixels.mask[at] : 0, column.flags);
  }

  GATUN_DEVICE Float4 four(int row, const Column& column) const {
    const bool inside = here(row, column);
    const int64_t at = origins[row] + column.offset;
    Float4 result{};
    uint32_t mask = 0;
    if (inside && (!column.flags || pixels.mask == nullptr)) result = pixels.load4(at);
    if (inside && pixels.mask != nullptr) mask = *reinterpret_cast<const uint32_t*>(pixels.mask + at);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      result.at[i] = pixels.element(inside, result.at[i], static_cast<uint8_t>(mask >> 8 * i), column.flags);
    }
    return result;
  }
};

}  // namespace gatun::cuda
