// SPDX-License-Identifier: Apache-2.0
// Pixels of patches as rows of a matrix: the data channels, missing values as 0, then the validity channels.
#pragma once

#include "../kernels.h"
#include "simd.h"

namespace gatun::cpu::GATUN_NS {

template <int Validity>
static inline bool present(const PatchEmbedArgs& args, int64_t at) {
  if (Validity == GATUN_VALIDITY_MASK) return args.mask[at] == 0;
  if (Validity == GATUN_VALIDITY_NAN) return args.x[at] == args.x[at];
  if (Validity == GATUN_VALIDITY_FILL) return args.x[at] != args.fill_value;
  return true;
}

template <int Validity>
static inline void unfold_as(const PatchEmbedArgs& args, int64_t line, int64_t first, int64_t count, float* rows,
                             int64_t pitch) {
  const int64_t patch_rows = args.height / args.patch_h, patch_times = args.time / args.patch_t;
  const int64_t row = line % patch_rows, time = line / patch_rows % patch_times, batch = line / patch_rows / patch_times;
  const int64_t volume = args.patch_t * args.patch_h * args.patch_w, pw = args.patch_w;
  const int64_t validity_at = args.channels * volume;
  for (int64_t c = 0; c < args.channels; ++c) {
    for (int64_t dt = 0; dt < args.patch_t; ++dt) {
      for (int64_t dy = 0; dy < args.patch_h; ++dy) {
        const int64_t t = time * args.patch_t + dt, y = row * args.patch_h + dy;
        int64_t at = (((batch * args.channels + c) * args.time + t) * args.height + y) * args.width + first * pw;
        float* to = rows + c * volume + (dt * args.patch_h + dy) * pw;
        for (int64_t i = 0; i < count; ++i, to += pitch, at += pw) {
          for (int64_t dx = 0; dx < pw; ++dx) {
            const bool here = present<Validity>(args, at + dx);
            // Chosen, not multiplied: whatever lies under the mask never takes part in arithmetic.
            to[dx] = here ? args.x[at + dx] : 0.0f;
            if (Validity != GATUN_VALIDITY_NONE) to[validity_at + dx] = here ? 1.0f : 0.0f;
          }
        }
      }
    }
  }
}

// Unfolds `count` patches of one line, from column `first` on, into rows of a matrix, `pitch` floats apart. Lines are
// counted over batch, time and rows of patches.
static inline void unfold(const PatchEmbedArgs& args, int64_t line, int64_t first, int64_t count, float* rows,
                          int64_t pitch) {
  switch (args.validity) {
    case GATUN_VALIDITY_MASK: return unfold_as<GATUN_VALIDITY_MASK>(args, line, first, count, rows, pitch);
    case GATUN_VALIDITY_NAN: return unfold_as<GATUN_VALIDITY_NAN>(args, line, first, count, rows, pitch);
    case GATUN_VALIDITY_FILL: return unfold_as<GATUN_VALIDITY_FILL>(args, line, first, count, rows, pitch);
    default: return unfold_as<GATUN_VALIDITY_NONE>(args, line, first, count, rows, pitch);
  }
}

}  // namespace gatun::cpu::GATUN_NS
