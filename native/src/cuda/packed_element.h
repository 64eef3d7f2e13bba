// SPDX-License-Identifier: Apache-2.0
// An element of packed weights, by precision.
#pragma once

#include "gatun/gatun.h"
#include "lane.h"

namespace gatun::cuda {

struct PackedF32 {
  using Element = float;
  GATUN_DEVICE static float of(float value) { return value; }
};
struct PackedTf32 {
  using Element = float;
  GATUN_DEVICE static float of(float value) { return as_float(to_tf32(value)); }
};
struct PackedBf16 {
  using Element = Bf16;
  GATUN_DEVICE static Bf16 of(float value) { return to_bf16(value); }
};

// Calls body(PackedF32{}), body(PackedTf32{}) or body(PackedBf16{}).
template <class Body>
void with_packed(int32_t precision, const Body& body) {
  if (precision == GATUN_FAST) {
    body(PackedTf32{});
  } else if (precision == GATUN_REDUCED) {
    body(PackedBf16{});
  } else {
    body(PackedF32{});
  }
}

}  // namespace gatun::cuda
