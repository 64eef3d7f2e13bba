// SPDX-License-Identifier: Apache-2.0
// Where the parts of a folded decoder's weights lie in their block of memory. The projection's bias reaches an output
// through each of its taps, but only from patches that exist: it is a bias of the tap. Where all taps exist, one sum
// stands for them.
#pragma once

#include "transposed.h"

namespace gatun::cuda {

struct DecoderLayout {
  TransposedPlane plane;
  int64_t outputs, inputs, weight_bytes;

  template <class Element>
  static DecoderLayout of(const gatun_weights& shape, const TransposedPlane& plane) {
    const int64_t bytes = plane.taps_in_all() * shape.outputs * shape.inputs * static_cast<int64_t>(sizeof(Element));
    return {plane, shape.outputs, shape.inputs, (bytes + 15) / 16 * 16};
  }

  // [tap of all pairs][output], [pair][output] without the taps' biases, [pair][output] with all of them.
  GATUN_BOTH float* tap_bias(char* memory) const { return reinterpret_cast<float*>(memory + weight_bytes); }
  GATUN_BOTH float* bias(char* memory) const { return tap_bias(memory) + plane.taps_in_all() * outputs; }
  GATUN_BOTH float* whole_bias(char* memory) const { return bias(memory) + plane.pairs() * outputs; }
  int64_t bytes() const { return weight_bytes + (plane.taps_in_all() + 2 * int64_t{plane.pairs()}) * outputs * 4; }
};

}  // namespace gatun::cuda
