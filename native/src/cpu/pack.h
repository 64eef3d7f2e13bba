// SPDX-License-Identifier: Apache-2.0
// Arranges weights for the product of kernels/gemm.h: [phase][panel][tap][input][panel column], zero-padded columns.
// Those of refine_head in Winograd's form are 36 matrices, one phase each, always f32. In reduced precision pairs of bf16
// are in the place of floats: [phase][panel][tap][input / 2][panel column][2], an odd number of inputs filled up with 0.
#pragma once

#include "kernels.h"

namespace gatun::cpu {

int64_t packed_floats(const PackedWeights& shape, int panel);

// To shape.packed.
void pack(const PackedWeights& shape, const float* source, int panel);

}  // namespace gatun::cpu
