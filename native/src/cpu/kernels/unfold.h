// SPDX-License-Identifier: Apache-2.0
// Pixels of patches as rows of a matrix of f32, whatever type they are stored in: the data channels, missing values as
// 0, then the validity channels.
#pragma once

#include "../kernels.h"
#include "simd.h"

namespace gatun::cpu::GATUN_NS {

// Four neighbours at once: patches are narrow, so whole vectors would be filled by several of them.
typedef int32_t FourInts __attribute__((vector_size(16)));

// A stored number: f32, the bits of a bf16, a packed int16.
static inline float as_float(float x) { return x; }
static inline float as_float(int16_t raw) { return static_cast<float>(raw); }
static inline float as_float(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float x;
  memcpy(&x, &wide, sizeof x);
  return x;
}

template <class To, class From>
static inline To read(const From* from) {
  To to;
  memcpy(&to, from, sizeof to);
  return to;
}
static inline Four four_floats(const float* x) { return read<Four>(x); }
static inline Four four_floats(const int16_t* raw) {
  typedef int16_t Stored __attribute__((vector_size(8)));
  return __builtin_convertvector(read<Stored>(raw), Four);
}
static inline Four four_floats(const uint16_t* bits) {
  typedef uint16_t Stored __attribute__((vector_size(8)));
  typedef uint32_t Wide __attribute__((vector_size(16)));
  const Wide wide = __builtin_convertvector(read<Stored>(bits), Wide) << 16;
  return read<Four>(&wide);
}

template <class Stored>
constexpr bool kPacked = false;
template <>
constexpr bool kPacked<int16_t> = true;

// -1 where the value is there, else 0.
template <int Validity>
static inline int32_t present(float x, const uint8_t* mask, float fill_value) {
  if (Validity == GATUN_VALIDITY_MASK) return -static_cast<int32_t>(*mask == 0);
  if (Validity == GATUN_VALIDITY_NAN) return -static_cast<int32_t>(x == x);
  if (Validity == GATUN_VALIDITY_FILL) return -static_cast<int32_t>(x != fill_value);
  return -1;
}
template <int Validity>
static inline FourInts present(Four x, const uint8_t* mask, float fill_value) {
  typedef uint8_t Stored __attribute__((vector_size(4)));
  if (Validity == GATUN_VALIDITY_MASK) return __builtin_convertvector(read<Stored>(mask), FourInts) == 0;
  if (Validity == GATUN_VALIDITY_NAN) return x == x;
  if (Validity == GATUN_VALIDITY_FILL) return x != fill_value;
  return FourInts{-1, -1, -1, -1};
}

// Chosen by bits, not multiplied: whatever lies under the mask never takes part in arithmetic. Without a branch, which
// the processor could not foresee.
template <class Value, class Bits>
static inline void put_chosen(float* to, Value x, Bits here) {
  const Bits chosen = read<Bits>(&x) & here;
  memcpy(to, &chosen, sizeof chosen);
}

// Pixels from `at` on, as many as a Value has.
template <int Validity, class Stored, class Value, class Bits>
static inline void unfold_value(const PatchEmbedArgs& args, Value x, Value one, int64_t at, float* to,
                                int64_t validity_at) {
  const Bits here = present<Validity>(x, Validity == GATUN_VALIDITY_MASK ? args.mask + at : nullptr, args.fill_value);
  put_chosen(to, kPacked<Stored> ? x * args.scale + args.offset : x, here);
  if (Validity != GATUN_VALIDITY_NONE) put_chosen(to + validity_at, one, here);
}

// `count` patches side by side, one line of `pw` pixels of each, to rows `pitch` apart; validity goes `validity_at`
// floats further.
template <int Validity, class Stored>
static inline void unfold_lines(const PatchEmbedArgs& args, int64_t at, int64_t count, float* to, int64_t pitch,
                                int64_t validity_at) {
  const Stored* x = static_cast<const Stored*>(args.x);
  const int64_t pw = args.patch_w;
  const Four ones = {1, 1, 1, 1};
  for (int64_t i = 0; i < count; ++i, to += pitch, at += pw) {
    int64_t dx = 0;
    for (; dx + 4 <= pw; dx += 4) {
      unfold_value<Validity, Stored, Four, FourInts>(args, four_floats(x + at + dx), ones, at + dx, to + dx,
                                                     validity_at);
    }
    for (; dx < pw; ++dx) {
      unfold_value<Validity, Stored, float, int32_t>(args, as_float(x[at + dx]), 1.0f, at + dx, to + dx, validity_at);
    }
  }
}

template <int Validity, class Stored>
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
        const int64_t at = (((batch * args.channels + c) * args.time + t) * args.height + y) * args.width + first * pw;
        float* to = rows + c * volume + (dt * args.patch_h + dy) * pw;
        unfold_lines<Validity, Stored>(args, at, count, to, pitch, validity_at);
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
static __attribute__((noinline)) void unfold(const PatchEmbedArgs& args, int64_t line, int64_t first, int64_t count,
                                             float* rows, int64_t pitch) {
  switch (args.x_dtype) {
    case GATUN_BF16: return unfold_stored<uint16_t>(args, line, first, count, rows, pitch);
    case GATUN_I16: return unfold_stored<int16_t>(args, line, first, count, rows, pitch);
    default: return unfold_stored<float>(args, line, first, count, rows, pitch);
  }
}

}  // namespace gatun::cpu::GATUN_NS
