// SPDX-License-Identifier: Apache-2.0
// The channels of a pixel, side by side: whole vectors, then one float after the other. Both go through the same lines.
#pragma once

#include "simd.h"

namespace gatun::cpu::GATUN_NS {

// V is Vec or float.
template <class V>
static inline __attribute__((always_inline)) V get(const float* from) {
  V value;
  memcpy(&value, from, sizeof value);
  return value;
}

template <class V>
static inline __attribute__((always_inline)) void put(float* to, V value) {
  memcpy(to, &value, sizeof value);
}

// Calls body.template operator()<V>(channel).
template <class Body>
static inline __attribute__((always_inline)) void for_channels(int64_t channels, const Body& body) {
  int64_t c = 0;
  for (; c + kWidth <= channels; c += kWidth) body.template operator()<Vec>(c);
  for (; c < channels; ++c) body.template operator()<float>(c);
}

// The larger (smaller), NaN if either is.
template <class V>
static inline __attribute__((always_inline)) V larger(V best, V x) {
  return (x > best) | (x != x) ? x : best;
}
template <class V>
static inline __attribute__((always_inline)) V smaller(V best, V x) {
  return (x < best) | (x != x) ? x : best;
}

}  // namespace gatun::cpu::GATUN_NS
