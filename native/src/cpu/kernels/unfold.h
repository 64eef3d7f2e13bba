// SPDX-License-Identifier: Apache-2.0
// Pixels of patches as rows of a matrix of f32, whatever type they are stored in: the data channels, missing values as
// 0, then the validity channels.
#pragma once

#include "../kernels.h"
#include "simd.h"

namespace gatun::cpu::GATUN_NS {

// A stored number: f32, the bits of a bf16, a packed int16.
static inline float as_float(float x) { return x; }
static inline float as_float(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float x;
  memcpy(&x, &wide, sizeof x);
  return x;
}
static inline float as_float(int16_t raw) { return static_cast<float>(raw); }

static inline float unpacked(float x, float, float) { return x; }
static inline float unpacked(uint16_t bits, float, float) { return as_float(bits); }
static inline float unpacked(int16_t raw, float scale, float offset) { return as_float(raw) * scale + offset; }

template <int Validity, class Stored>
static inline bool present(const Stored* x, const uint8_t* mask, float fill_value, int64_t at) {
  if (Validity == GATUN_VALIDITY_MASK) return mask[at] == 0;
  if (Validity == GATUN_VALIDITY_NAN) return as_float(x[at]) == as_float(x[at]);
  if (Validity == GATUN_VALIDITY_FILL) return as_float(x[at]) != fill_value;
  return true;
}

template <int Validity, class Stored>
static inline void unfold_as(const PatchEmbedArgs& args, int64_t line, int64_t first, int64_t count, float* rows,
                             int64_t pitch) {
  const int64_t patch_rows = args.height / args.patch_h, patch_times = args.time / args.patch_t;
  const int64_t row = line % patch_rows, time = line / patch_rows % patch_times, batch = line / patch_rows / patch_times;
  const int64_t volume = args.patch_t * args.patch_h * args.patch_w, pw = args.patch_w;
  const int64_t validity_at = args.channels * volume;
  const Stored* x = static_cast<const Stored*>(args.x);
  const uint8_t* mask = args.mask;
  const float fill_value = args.fill_value, scale = args.scale, offset = args.offset;
  for (int64_t c = 0; c < args.channels; ++c) {
    for (int64_t dt = 0; dt < args.patch_t; ++dt) {
      for (int64_t dy = 0; dy < args.patch_h; ++dy) {
        const int64_t t = time * args.patch_t + dt, y = row * args.patch_h + dy;
        int64_t at = (((batch * args.channels + c) * args.time + t) * args.height + y) * args.width + first * pw;
        float* to = rows + c * volume + (dt * args.patch_h + dy) * pw;
        for (int64_t i = 0; i < count; ++i, to += pitch, at += pw) {
          for (int64_t dx = 0; dx < pw; ++dx) {
            const bool here = present<Validity>(x, mask, fill_value, at + dx);
            // Chosen, not multiplied: whatever lies under the mask never takes part in arithmetic.
            to[dx] = here ? unpacked(x[at + dx], scale, offset) : 0.0f;
            if (Validity != GATUN_VALIDITY_NONE) to[validity_at + dx] = here ? 1.0f : 0.0f;
          }
        }
      }
    }
  }
}

template <class Stored>
static inline void unfold_stored(const PatchEmbedArgs& args, int64_t line, int64_t first, int64_t count, float* rows,
                                 int64_t pitch) {
  switch (args.validity) {
    case GATUN_VALIDITY_MASK: return unfold_as<GATUN_VALIDITY_MASK, Stored>(args, line, first, count, rows, pitch);
    case GATUN_VALIDITY_NAN: return unfold_as<GATUN_VALIDITY_NAN, Stored>(args, line, first, count, rows, pitch);
    case GATUN_VALIDITY_FILL: return unfold_as<GATUN_VALIDITY_FILL, Stored>(args, line, first, count, rows, pitch);
    default: return unfold_as<GATUN_VALIDITY_NONE, Stored>(args, line, first, count, rows, pitch);
  }
}

// Unfolds `count` patches of one line, from column `first` on, into rows of a matrix, `pitch` floats apart. Lines are
// counted over batch, time and rows of patches.
static inline void unfold(const PatchEmbedArgs& args, int64_t line, int64_t first, int64_t count, float* rows,
                          int64_t pitch) {
  switch (args.x_dtype) {
    case GATUN_BF16: return unfold_stored<uint16_t>(args, line, first, count, rows, pitch);
    case GATUN_I16: return unfold_stored<int16_t>(args, line, first, count, rows, pitch);
    default: return unfold_stored<float>(args, line, first, count, rows, pitch);
  }
}

}  // namespace gatun::cpu::GATUN_NS
