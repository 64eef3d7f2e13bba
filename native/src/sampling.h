// SPDX-License-Identifier: Apache-2.0
// The arithmetic of gatun_sample_tokens: order, weights, sums and draws as integers. Neither a compiler's contraction
// nor an order of summation changes an integer, so every device chooses the same token.
#pragma once

#include <stdint.h>
#include <string.h>

// lane.h has its own, for device code.
#ifndef GATUN_BOTH
#define GATUN_BOTH static inline
#endif

namespace gatun::sampling {

// Ascends with x, which is no NaN; -0 is 0.
GATUN_BOTH uint32_t order_of(float x) {
  x += 0.0f;
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

GATUN_BOTH float value_of(uint32_t order) {
  const uint32_t bits = (order & 0x80000000u) != 0 ? order & 0x7fffffffu : ~order;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

GATUN_BOTH uint32_t high_product(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>(static_cast<uint64_t>(a) * b >> 32);
}

// 2^40 e^-((top - x) / T), to 1e-7 of itself and downwards to a whole number. x <= top.
GATUN_BOTH uint64_t weight_of(float x, float top, float inverse_temperature) {
  const float away = x == top ? 0.0f : (top - x) * inverse_temperature;
  const bool near = away < 28.0f;  // e^-28 is less than 2^-40
  // In 27 bits of fraction; times log2 e of 31 bits, the upper half: 26 bits.
  const uint32_t steps = static_cast<uint32_t>(static_cast<int32_t>(near ? away * 0x1p26f : 0.0f)) << 1;
  const uint32_t turns = high_product(steps, 3098164009u), part = turns << 6;
  // 1 - 2^-part, our fit to 1.1e-8 of 2^-part; all in 32 bits of fraction.
  uint32_t less = 5547538u - high_product(493577u, part);
  less = 41218952u - high_product(less, part);
  less = 238367376u - high_product(less, part);
  less = 1031763206u - high_product(less, part);
  less = 2977044447u - high_product(less, part);
  const uint64_t power = (uint64_t{1} << 32) - high_product(less, part);
  return near ? (power << 8) >> (turns >> 26) : 0;
}

// share * total, share < 1: below total whatever is rounded.
GATUN_BOTH uint64_t limit_of(double share, uint64_t total) {
  const uint64_t limit = static_cast<uint64_t>(share * static_cast<double>(total));
  return limit < total ? limit : total - 1;
}

// total * part / 2^32, total below 2^63.
GATUN_BOTH uint64_t draw_of(uint64_t total, uint32_t part) {
  return (total >> 32) * part + ((total & 0xffffffffu) * part >> 32);
}

// First word of Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3) at (counter, 0).
GATUN_BOTH uint32_t philox(uint64_t key, uint64_t counter) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  uint32_t c0 = static_cast<uint32_t>(counter), c1 = static_cast<uint32_t>(counter >> 32), c2 = 0, c3 = 0;
  for (int round = 0; round < 10; ++round) {
    const uint64_t left = static_cast<uint64_t>(0xd2511f53u) * c0, right = static_cast<uint64_t>(0xcd9e8d57u) * c2;
    c0 = static_cast<uint32_t>(right >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(right);
    c2 = static_cast<uint32_t>(left >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(left);
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  return c0;
}

}  // namespace gatun::sampling
